"""What becomes of the executions of a database that was put back from a backup.

Nobody knows what happened between the backup and now: what waited then may have run, and what ran
may have ended. So nothing of it starts again by itself.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import execution_state as state
from app.domain.clock import now
from app.models import Execution, Job
from app.services import tallies
from app.services.executions.following import follow_jobs
from app.services.executions.plans import WITHDRAWN
from app.services.executions.sql import STARTED

_CHUNK = 500
_WAITING = sa.text("executions.status IN ('scheduled', 'queued')")
_HAS_COME = sa.or_(Execution.status == state.QUEUED, Execution.run_at <= db_now())


def lose_started(session: Session, reason: str) -> int:
    """End what ran as lost, without another attempt; return how many executions."""
    values = {
        "status": state.FAILED,
        "completed_at": db_now(),
        "lease_until": None,
        "exit_code": None,
        "reason": reason,
        "error": f"Worker lost: {reason}; it may have ended since",
        "error_code": "WORKER_LOST",
    }
    jobs = _end(session, (STARTED,), values)
    kinds = Counter[str]()
    for chunk in _chunks(jobs):
        kinds.update(session.scalars(sa.select(Job.type).where(Job.id.in_(chunk))))
        follow_jobs(session, chunk, "failed")
    for kind, number in kinds.items():
        tallies.add(session, "ends", f"{kind}:{state.FAILED}", number)
    return len(jobs)


def skip_missed(session: Session, reason: str) -> int:
    """Skip what should have started by now; return how many executions.

    A job of which nothing else is left counts as cancelled: it has not run and will not.
    """
    values = {
        "status": state.SKIPPED,
        "completed_at": db_now(),
        "blocked_on": None,
        "reason": reason,
    }
    jobs = _end(session, (_WAITING, _HAS_COME), values)
    for chunk in _chunks(jobs):
        follow_jobs(session, chunk, "cancelled")
    return len(jobs)


def renew_fences(session: Session) -> None:
    """Make all messages and claims of the time before void for what can still run.

    A worker that was cut off, or a message in a broker that was not emptied, may know the same
    generations and epochs as those that come now. They go on from the minutes since 1970: beyond
    any that were ever counted, and beyond those of an earlier restore.
    """
    beyond = int(now().timestamp() // 60)
    session.execute(
        sa.update(Execution)
        .where(sa.or_(_WAITING, Execution.reason.in_(WITHDRAWN)))
        .values(
            generation=Execution.generation + beyond,
            epoch=Execution.epoch + beyond,
            handed_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def _end(session: Session, where: Sequence[Any], values: dict[str, Any]) -> list[str]:
    """End executions; return the job of each."""
    ended = sa.update(Execution).where(*where).values(values).returning(Execution.job_id)
    return list(session.scalars(ended.execution_options(synchronize_session=False)))


def _chunks(jobs: Sequence[str]) -> list[list[str]]:
    unique = sorted(set(jobs))
    return [unique[start : start + _CHUNK] for start in range(0, len(unique), _CHUNK)]
