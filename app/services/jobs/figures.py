"""Figures of one job: how many of its due moments went well, and how long that took.

A due moment is counted once, as its last attempt ended; one that was missed and made up for, as
what made up for it did. All is read from the job's newest executions, so that the oldest job
costs no more than its share.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.domain import execution_state as state
from app.domain.clock import now
from app.models import Execution, Job

MOST_DAYS = 400
#: So many of the newest executions stand for a job: what it usually takes is told by them.
RECENT = 20
#: So many are looked at for failures in a row, and so many are counted.
MOST_IN_A_ROW = 1000
MOST_COUNTED = 50_000

_later = aliased(Execution, name="later")
_STANDING_COLUMNS: tuple[Any, ...] = (
    Execution.id,
    Execution.parent_execution_id,
    Execution.number,
    Execution.status,
    Execution.completed_at,
    Execution.duration_ms,
    Execution.lateness_ms,
)


def of_job(session: Session, job: Job, days: int) -> dict[str, Any]:
    """Return the figures of what ended in the last ``days``, and of the present standing.

    ``since`` is later than ``days`` ago if more has ended than is counted. The last moments are
    told however long ago they were.
    """
    since = now() - timedelta(days=days)
    groups = {group.status: group for group in session.execute(_by_status(job, since))}
    newest = session.execute(_newest(job)).all()
    return {
        **_counts(groups),
        "consecutive_failures": consecutive_failures(newest),
        "average_duration_ms": _average(groups.get(state.COMPLETED)),
        "usual_duration_ms": usual_duration_ms(
            row for row in newest if row.number > job.last_number - RECENT
        ),
        **_spread(newest, since),
        "last_execution_at": _latest(groups, "started_at", groups),
        "last_success_at": _latest(groups, "completed_at", (state.COMPLETED,)),
        "last_failure_at": _latest(groups, "completed_at", state.FAILURES),
        "since": _since(job, since, groups),
    }


def success_rate(completed: int, failed: int) -> float | None:
    """Return which part of what was decided went well, from 0 to 1; ``None`` if nothing was.

    What was cancelled or skipped says nothing about a job.
    """
    decided = completed + failed
    return completed / decided if decided else None


def standing(rows: Sequence[Any]) -> dict[str, Any]:
    """Return how a job stands by its newest executions, in any order."""
    ends = Counter(row.status for row in _last_attempts(rows))
    failed = sum(ends[status] for status in state.FAILURES)
    return {
        "success_rate": success_rate(ends[state.COMPLETED], failed),
        "consecutive_failures": consecutive_failures(rows),
    }


def consecutive_failures(rows: Sequence[Any]) -> int:
    """Return how many due moments ended badly since the last one that went well."""
    decided = {state.COMPLETED, *state.FAILURES}
    ends = [row for row in _last_attempts(rows) if row.status in decided]
    ends.sort(key=lambda row: (row.completed_at, row.number), reverse=True)
    good = (index for index, row in enumerate(ends) if row.status == state.COMPLETED)
    return next(good, len(ends))


def usual_duration_ms(rows: Iterable[Any]) -> int | None:
    """Return the median duration of those executions that completed."""
    return usual(
        [
            row.duration_ms
            for row in rows
            if row.status == state.COMPLETED and row.duration_ms is not None
        ]
    )


def usual(took: Sequence[int]) -> int | None:
    """Return the median of durations; ``None`` of none."""
    return round(median(took)) if took else None


def _spread(rows: Sequence[Any], since: datetime) -> dict[str, int | None]:
    """Return what half and nearly all of the newest executions stay within."""
    ended = [row for row in rows if row.completed_at is not None and row.completed_at >= since]
    took = [row.duration_ms for row in ended if row.status == state.COMPLETED]
    late = [row.lateness_ms for row in ended]
    return {
        "p50_duration_ms": percentile(took, 50),
        "p95_duration_ms": percentile(took, 95),
        "p95_lateness_ms": percentile(late, 95),
    }


def percentile(values: Iterable[int | None], share: int) -> int | None:
    """Return the least of the values that ``share`` percent of them don't exceed."""
    known = sorted(value for value in values if value is not None)
    return known[max(0, -(-len(known) * share // 100) - 1)] if known else None


def durations(session: Session, job_ids: Collection[str]) -> dict[str, list[int]]:
    """Return how long those of the latest executions of some jobs took that completed."""
    # Which of these few completed is seen here: SQLite would rather look at all that ever did.
    query = (
        sa.select(Execution.job_id, Execution.status, Execution.duration_ms)
        .join(Job, Job.id == Execution.job_id)
        .where(Job.id.in_(job_ids), Execution.number > Job.last_number - RECENT)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for job_id, status, took in session.execute(query):
        if status == state.COMPLETED and took is not None:
            found[job_id].append(took)
    return found


def _last_attempts(rows: Sequence[Any]) -> list[Any]:
    """Leave out what was tried again; a retry is always newer than what it repeats."""
    retried = {row.parent_execution_id for row in rows}
    return [row for row in rows if row.id not in retried]


def _newest(job: Job) -> sa.Select[Any]:
    query = sa.select(*_STANDING_COLUMNS)
    return query.where(
        Execution.job_id == job.id, Execution.number > job.last_number - MOST_IN_A_ROW
    )


def _by_status(job: Job, since: datetime) -> sa.Select[Any]:
    """Return a query of the newest executions, one row a status. Its index is that of numbers."""
    is_last = _later.id.is_(None)
    counts = sa.and_(is_last, Execution.completed_at >= since)
    moments = sa.func.sum(sa.func.coalesce(Execution.moments, 1))
    made_up = sa.and_(Execution.catches_up_id.is_not(None), Execution.created_at >= since)
    return (
        sa.select(
            Execution.status,
            moments.filter(counts).label("moments"),
            # As whoever skips such moments writes it.
            moments.filter(counts, Execution.reason.startswith("missed")).label("missed"),
            sa.func.count().filter(made_up).label("made_up"),
            sa.func.avg(Execution.duration_ms).filter(counts).label("average"),
            sa.func.max(Execution.started_at).label("started_at"),
            sa.func.max(Execution.completed_at).filter(is_last).label("completed_at"),
            sa.func.min(Execution.completed_at).label("first_at"),
        )
        .outerjoin(_later, _later.parent_execution_id == Execution.id)
        .where(Execution.job_id == job.id, Execution.number > job.last_number - MOST_COUNTED)
        .group_by(Execution.status)
    )


def _counts(groups: dict[str, Any]) -> dict[str, Any]:
    """Return how many due moments ended in which way.

    What was skipped and made up for is counted with what made up for it.
    """
    ends = Counter({status: int(group.moments or 0) for status, group in groups.items()})
    made_up = sum(group.made_up for group in groups.values())
    skipped = groups.get(state.SKIPPED)
    counts = {
        "completed": ends[state.COMPLETED],
        "failed": sum(ends[status] for status in state.FAILURES),
        "cancelled": ends[state.CANCELLED],
        "skipped": max(0, ends[state.SKIPPED] - made_up),
    }
    return {
        "total": sum(counts.values()),
        **counts,
        "missed": int(skipped.missed or 0) if skipped else 0,
        "success_rate": success_rate(counts["completed"], counts["failed"]),
    }


def _average(completed: Any) -> int | None:
    return None if completed is None or completed.average is None else round(completed.average)


def _latest(groups: dict[str, Any], name: str, statuses: Iterable[str]) -> datetime | None:
    moments = (getattr(groups[status], name) for status in statuses if status in groups)
    return max(filter(None, moments), default=None)


def _since(job: Job, wanted: datetime, groups: dict[str, Any]) -> datetime:
    if job.last_number <= MOST_COUNTED:
        return wanted
    first: datetime = min(
        (group.first_at for group in groups.values() if group.first_at is not None),
        default=wanted,
    )
    return max(wanted, first)
