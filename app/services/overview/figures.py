"""The figures on top of the first page: counters, and reads of small stretches of indexes."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.models import Execution, Job
from app.services import statistics, totals
from app.services.executions.sql import DEAD
from app.services.jobs.figures import success_rate
from app.services.listing import COUNTED
from app.services.overview.keeping import kept
from app.services.overview.strip import Day

#: So many of the latest starts tell how late executions start.
STARTS: Final = 200
#: So much is counted for the week, then its rate is that of the latest.
_MOST: Final = 1_000_000
#: Spelt as in the partial index.
_DISABLED: Final = sa.text("NOT jobs.enabled")


def figures(
    session: Session, project_id: str | None, day: Day, lanes: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """Return the figures of one project, or of all."""
    jobs = _by_status(session, "jobs", project_id)
    executions = _by_status(session, "executions", project_id)
    completed, failed = day.ended("completed"), day.ended("failed")
    today = datetime.combine(now().date(), datetime.min.time(), UTC)
    return {
        "running": sum(executions.get(status, 0) for status in state.STARTED),
        "queued": executions.get(state.QUEUED, 0) + statistics.due(session, project_id),
        "oldest_wait_seconds": _oldest(lanes) if project_id is None else None,
        "completed_today": _started_since(session, (state.COMPLETED,), today, project_id),
        "completed_24h": completed,
        "failed_24h": failed,
        "success_rate_24h": success_rate(completed, failed),
        "success_rate_7d": _week(session, project_id),
        "start_lateness_p95_ms": kept(
            session, ("late", project_id), lambda: _late(session, project_id)
        ),
        "scheduled": jobs.get("scheduled", 0),
        "paused": jobs.get("paused", 0),
        "disabled": _disabled(session, project_id),
        "planned_next_hour": day.planned_next_hour,
        "dead_letters": _dead(session, project_id),
        "total_jobs": sum(jobs.values()),
        "total_executions": sum(executions.values()),
    }


def _by_status(session: Session, family: str, project_id: str | None) -> dict[str, int]:
    found: dict[str, int] = {}
    counts = totals.by_project_and_status(session, family, project_id)
    for (_, status), count in counts.items():
        found[status] = found.get(status, 0) + count
    return found


def _oldest(lanes: Sequence[dict[str, Any]]) -> float | None:
    return max((lane["oldest_seconds"] or 0 for lane in lanes if lane["depth"]), default=None)


def _started_since(
    session: Session, statuses: Sequence[str], since: datetime, project_id: str | None
) -> int:
    def count() -> int:
        return sum(_count(session, status, since, project_id) for status in statuses)

    return kept(session, ("since", *statuses, since, project_id), count)


def _count(session: Session, status: str, since: datetime, project_id: str | None) -> int:
    where = [Execution.status == status, Execution.started_at >= since]
    if project_id is not None:
        where.append(Execution.project_id == project_id)
    some = sa.select(Execution.id).where(*where).limit(_MOST).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _week(session: Session, project_id: str | None) -> float | None:
    """Return the part that went well of what started within the last seven whole hours and days."""
    hour = now().replace(minute=0, second=0, microsecond=0)
    since = hour - timedelta(days=7)
    completed = _started_since(session, (state.COMPLETED,), since, project_id)
    return success_rate(completed, _started_since(session, state.FAILURES, since, project_id))


def _late(session: Session, project_id: str | None) -> int | None:
    """Return within how many milliseconds of their moment 95 % of the latest starts came."""
    query = sa.select(Execution.lateness_ms).where(Execution.started_at.is_not(None))
    if project_id is not None:
        query = query.where(Execution.project_id == project_id)
    newest = query.order_by(Execution.started_at.desc(), Execution.id.desc()).limit(STARTS)
    late = sorted(value for value in session.scalars(newest) if value is not None)
    return late[math.ceil(len(late) * 0.95) - 1] if late else None


def _disabled(session: Session, project_id: str | None) -> int:
    where = [_DISABLED] if project_id is None else [_DISABLED, Job.project_id == project_id]
    some = sa.select(Job.id).where(*where).limit(COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _dead(session: Session, project_id: str | None) -> int:
    where = [DEAD] if project_id is None else [DEAD, Execution.project_id == project_id]
    some = sa.select(Execution.id).where(*where).limit(COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
