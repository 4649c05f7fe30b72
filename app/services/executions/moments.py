"""The due moments of schedules as rows: those that run, and those that passed without running."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.events import ExecutionSkipped
from app.events import emit
from app.models import Execution, Job
from app.services.access import sight
from app.services.executions.births import add, born
from app.services.executions.overlaps import free_held
from app.services.executions.sql import DUE, FROM_SCHEDULE

ACTOR = "schedule"
#: Missed moments of a job that may overlap are made up for so far apart.
DRIP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Span:
    """Due moments that pass alike: the first, the last, and how many there are."""

    first: datetime
    last: datetime
    count: int


def due(job: Job, due_at: datetime, jitter: timedelta) -> dict[str, Any]:
    """Return the row of a due moment that shall run."""
    return born(job, due_at + jitter, "schedule", ACTOR, due_at=due_at)


def passed(job: Job, span: Span, reason: str) -> dict[str, Any]:
    """Return the row of one or several moments that pass without an attempt."""
    several: dict[str, Any] = {}
    if span.count > 1:
        several = {"due_until": span.last, "moments": span.count}
    return born(
        job,
        span.first,
        "schedule",
        ACTOR,
        status=state.SKIPPED,
        reason=reason,
        completed_at=now(),
        **several,
    )


def make_up(job: Job, missed: Sequence[tuple[datetime, str]]) -> list[dict[str, Any]]:
    """Return the rows that make up for missed moments, given with their rows' ids.

    They drip, the oldest first: each waits for the one before it, or, where a job may run beside
    itself, comes a second after it.
    """
    alone = job.overlap != "allow"
    rows = []
    for index, (due_at, skipped_id) in enumerate(missed):
        over: dict[str, Any] = {"due_at": due_at, "catches_up_id": skipped_id}
        run_at = now() + timedelta(seconds=0 if alone else index * DRIP_SECONDS)
        if alone:
            # Microseconds are lost on the way: milliseconds keep the order.
            run_at += timedelta(milliseconds=index)
            over |= {"status": state.QUEUED, "exclusive_key": job.id, "blocked_on": job.id}
        rows.append(born(job, run_at, "catchup", ACTOR, **over))
    return rows


def add_moments(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert such rows, tell of those skipped, and let the first of those that wait go.

    A moment that has a row already, such as one that a person cancelled before a pause, keeps it.
    """
    try:
        with session.begin_nested():
            add(session, rows)
    except IntegrityError:
        rows = _without_known(session, rows)
        add(session, rows)
    for row in rows:
        if row["status"] == state.SKIPPED:
            emit(session, ExecutionSkipped(row["id"], row["job_id"]))
    for job_id in {row["job_id"] for row in rows if row.get("blocked_on")}:
        free_held(session, job_id)


def has_row(session: Session, job_id: str, due_at: datetime) -> bool:
    """Return whether a moment of a job's schedule has a row."""
    mine = (Execution.job_id == job_id, Execution.due_at == due_at, FROM_SCHEDULE)
    return session.scalar(sa.select(Execution.id).where(*mine).limit(1)) is not None


def _without_known(session: Session, rows: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Leave out the moments that have rows, and what would make up for them."""
    known = {
        row["id"]
        for row in rows
        if row["origin"] == "schedule" and has_row(session, row["job_id"], row["due_at"])
    }
    return [row for row in rows if not {row["id"], row.get("catches_up_id")} & known]


def is_planned(row: Execution) -> bool:
    """Return whether a row is a moment of a schedule that has not come."""
    return row.status == state.SCHEDULED and row.origin == "schedule" and row.attempt == 1


_PLANNED = (
    Execution.status == state.SCHEDULED,
    Execution.origin == "schedule",
    Execution.attempt == 1,
)


@sight.unlimited()
def drop_planned(session: Session, job_id: str) -> datetime | None:
    """Forget the moments of a schedule that have rows and have not come; return the first.

    Nothing is lost: whoever wants them again plans them again.
    """
    session.flush()
    dropped = session.scalars(
        sa.delete(Execution)
        .where(Execution.job_id == job_id, *_PLANNED)
        .returning(Execution.due_at)
        .execution_options(synchronize_session="fetch")
    )
    return min(dropped.all(), default=None)


def take_back(session: Session, since: datetime) -> dict[str, tuple[datetime, int]]:
    """Forget such moments of all recurring jobs that are due at or after ``since``.

    Returns of each job the first one, and how many there were.
    """
    session.flush()
    recurring = sa.select(Job.id).where(Job.id == Execution.job_id, Job.schedule.is_not(None))
    dropped = session.execute(
        sa.delete(Execution)
        .where(*_PLANNED, DUE, Execution.due_at >= since, sa.exists(recurring))
        .returning(Execution.job_id, Execution.due_at)
        .execution_options(synchronize_session=False)
    )
    found: dict[str, tuple[datetime, int]] = {}
    for job_id, due_at in dropped:
        first, planned = found.get(job_id, (due_at, 0))
        found[job_id] = (min(first, due_at), planned + 1)
    return found
