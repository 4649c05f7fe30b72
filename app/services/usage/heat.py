"""How the executions of all jobs ended, by job and hour (UTC): a week at one look."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import invalid
from app.models import Job, JobRollup
from app.services.listing import check_range
from app.services.usage.rollups import start_of

MOST_HOURS = 24 * 8
MOST_JOBS = 100
_HOUR = timedelta(hours=1)
_BAD = JobRollup.failed + JobRollup.timeouts


@dataclass(frozen=True, slots=True)
class _Hours:
    first: datetime
    count: int

    @property
    def last(self) -> datetime:
        return self.first + self.count * _HOUR

    @property
    def meant(self) -> tuple[sa.ColumnElement[bool], ...]:
        start = JobRollup.period_start
        return (JobRollup.period == "hour", start >= self.first, start < self.last)


def heat(session: Session, first: datetime, last: datetime) -> dict[str, Any]:
    """Return what ended in each hour from ``first`` to ``last``, of the jobs that failed most.

    The hour of ``first`` is the first one. Jobs beyond :data:`MOST_JOBS` are but counted.
    Raises :class:`Invalid`.
    """
    hours = _hours(first, last)
    jobs = _jobs(session, hours)
    figures = _figures(session, hours, [row.id for row in jobs[:MOST_JOBS]])
    return {
        "since": hours.first,
        "hours": hours.count,
        "jobs": [
            {"job_id": row.id, "job_name": row.name, **figures[row.id]} for row in jobs[:MOST_JOBS]
        ],
        "more_jobs": len(jobs) > MOST_JOBS,
    }


def _hours(first: datetime, last: datetime) -> _Hours:
    check_range(first, last, ("from", "to"))
    start = start_of(first, "hour")
    count = -int((start - last) // _HOUR)
    if count > MOST_HOURS:
        text = f"is {count} hours after the beginning, at most {MOST_HOURS} are allowed"
        raise invalid("to", text, last.isoformat())
    return _Hours(start, count)


def _jobs(session: Session, hours: _Hours) -> list[Any]:
    """Return the jobs of which something ended, and one more than are shown if there is one."""
    query = (
        sa.select(Job.id, Job.name)
        .join(JobRollup, JobRollup.job_id == Job.id)
        .where(*hours.meant)
        .group_by(Job.id, Job.name)
        .order_by(sa.func.sum(_BAD).desc(), sa.func.sum(JobRollup.runs).desc(), Job.id)
        .limit(MOST_JOBS + 1)
    )
    return list(session.execute(query))


def _figures(session: Session, hours: _Hours, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    found = {one: {"runs": [0] * hours.count, "failed": [0] * hours.count} for one in ids}
    query = sa.select(JobRollup.job_id, JobRollup.period_start, JobRollup.runs, _BAD).where(
        *hours.meant, JobRollup.job_id.in_(found)
    )
    for job_id, start, runs, failed in session.execute(query):
        index = (start - hours.first) // _HOUR
        found[job_id]["runs"][index] = runs
        found[job_id]["failed"][index] = failed
    return found
