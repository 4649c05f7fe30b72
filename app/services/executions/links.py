"""Executions of the links of chains: each is born when its turn comes."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.events import ExecutionSkipped
from app.events import emit
from app.models import Execution, Job
from app.services.executions import keys, limits
from app.services.executions.births import add, born
from app.services.executions.claims import started, taking
from app.services.executions.following import follow_job
from app.services.executions.overlaps import cancel, free_held, in_progress, pause_key
from app.services.executions.sql import ACTIVE, LINK_WAITS, MAY_BEGIN, OWNER_TAKES_WORK
from app.services.executions.taken import Claim, Owner

_executions: Any = Execution.__table__
_this = _executions.c.id == sa.bindparam("link_id")
_CLAIM = taking(_this, LINK_WAITS, MAY_BEGIN, OWNER_TAKES_WORK)
_QUEUE = sa.select(_executions.c.queue).where(_this)


@dataclass(frozen=True, slots=True)
class LinkStart:
    """A link whose turn has come: of which run, as which one, and where it goes."""

    chain_run_id: str
    index: int
    queue: str
    priority: int
    actor: str | None


def start_link(session: Session, job: Job, start: LinkStart) -> str | None:
    """Add the execution of a link, due now; return why it was skipped, if it was.

    If the job is in progress elsewhere its overlap policy decides.
    """
    others = in_progress(session, job.id) if job.overlap != "allow" else []
    reason = None
    over: dict[str, Any] = {"status": state.QUEUED}
    if others and job.overlap == "skip":
        reason = f"overlap: execution {others[0].id} was in progress"
        over = {"status": state.SKIPPED, "reason": reason, "completed_at": now()}
    elif job.paused_at is not None:
        over["blocked_on"] = pause_key(job.id)
    elif others:
        over["blocked_on"] = job.id
    row = born(
        job,
        now(),
        "chain",
        start.actor,
        **over,
        chain_run_id=start.chain_run_id,
        link_index=start.index,
        queue=start.queue,
        priority=start.priority,
    )
    add(session, [row])
    if reason is not None:
        emit(session, ExecutionSkipped(row["id"], job.id))
    elif others:
        _make_way(session, job, others)
    follow_job(session, job.id, None)
    return reason


def _make_way(session: Session, job: Job, others: list[Execution]) -> None:
    if job.overlap == "cancel_running":
        for other in sorted(others, key=lambda o: o.blocked_on is None):
            cancel(session, other)
    free_held(session, job.id)


def skip_link(session: Session, row: Execution, reason: str) -> None:
    """Skip the waiting execution of a link."""
    keys.leave(row)
    row.status, row.completed_at, row.reason = state.SKIPPED, now(), reason
    row.blocked_on, row.generation = None, row.generation + 1
    follow_job(session, row.job_id, None)
    if row.exclusive_key:
        free_held(session, row.exclusive_key)
    emit(session, ExecutionSkipped(row.id, row.job_id, row.chain_run_id))


def claim_link(session: Session, owner: Owner, row_id: str, lease: float) -> Claim | None:
    """Take the execution of a chain's link, if it waits for nothing else.

    Raises ``IntegrityError`` if another execution of the same key runs.
    """
    queue = session.scalar(_QUEUE, {"link_id": row_id}) if limits.known(session) else None
    if queue is not None and queue in limits.closed(session, [queue]):
        return None
    values = {"lease": lease, "owner": owner.worker, "owner_slot": owner.slot, "link_id": row_id}
    taken = session.execute(_CLAIM, values).all()
    if taken and queue is not None:
        limits.began(session, queue, 1)
    return started(session, taken)[0] if taken else None


def active_link(session: Session, chain_run_id: str) -> Execution | None:
    """Return the execution of a chain run that waits or runs: there is at most one."""
    query = sa.select(Execution).where(
        Execution.chain_run_id == chain_run_id, Execution.chain_run_id.is_not(None), ACTIVE
    )
    return session.scalar(query.execution_options(populate_existing=True))
