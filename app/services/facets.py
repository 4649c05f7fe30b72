"""What lists can be narrowed to, and how many there are of each: for the page above a list."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.models import Job, Project, Tag
from app.services import totals
from app.services.jobs import lists
from app.services.jobs.lists import JobFilters
from app.services.listing import counted
from app.services.timeline.past import Buckets, counts

#: So many projects and tags are offered.
_OFFERED = 500
_SOON = timedelta(hours=1)
_DAY = timedelta(hours=24)
_BUCKET_SECONDS = 1800


def of_jobs(session: Session, actor: str) -> dict[str, Any]:
    """Return how many jobs each view of the list holds, and what it can be narrowed to."""
    by_both = totals.by_project_and_status(session, "jobs")
    clock = now()
    views = {
        "failing": JobFilters(result=("failed",)),
        "resting": JobFilters(resting=True),
        "due": JobFilters(time_from=clock, time_to=clock + _SOON),
        "mine": JobFilters(created_by=actor),
    }
    found = {name: _count(session, filters) for name, filters in views.items()}
    statuses = _by(by_both, 1)
    exact = {"all": sum(by_both.values()), "running": statuses.get("running", 0)}
    return {
        "views": exact | {name: number for name, (number, _) in found.items()},
        "capped": [name for name, (_, is_capped) in found.items() if is_capped],
        "statuses": statuses,
        **_labels(session, _by(by_both, 0)),
    }


def of_executions(session: Session) -> dict[str, Any]:
    """Return how many executions there are of each status, and how the last 24 hours went."""
    by_both = totals.by_project_and_status(session, "executions")
    return {
        "statuses": _by(by_both, 1),
        "hours": _last_day(session),
        "bucket_seconds": _BUCKET_SECONDS,
        **_labels(session, _by(by_both, 0)),
    }


def _count(session: Session, filters: JobFilters) -> tuple[int, bool]:
    return counted(session, sa.select(Job.id).where(*lists.conditions(session, filters)))


def _by(by_both: Mapping[tuple[str, str], int], part: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, number in by_both.items():
        found[key[part]] += number
    return {name: number for name, number in sorted(found.items()) if number}


def _labels(session: Session, by_project: Mapping[str, int]) -> dict[str, Any]:
    projects = sa.select(Project.id, Project.name, Project.color).where(
        Project.is_archived.is_(False)
    )
    tags = sa.select(Tag.id, Tag.name, Tag.color).order_by(Tag.name).limit(_OFFERED)
    found = session.execute(projects.order_by(Project.name).limit(_OFFERED))
    return {
        "projects": [row._asdict() | {"count": by_project.get(row.id, 0)} for row in found],
        "tags": [row._asdict() for row in session.execute(tags)],
    }


def _last_day(session: Session) -> list[dict[str, Any]]:
    """Return the buckets of the last 24 hours, that of this moment last."""
    last = _next_bound(now())
    buckets = Buckets(last - _DAY, last, _BUCKET_SECONDS)
    rows = [{"at": buckets.start(index)} | _NONE for index in range(len(buckets))]
    for status, index, number in counts(session, buckets):
        name = status if status in _NONE else state.FAILED
        rows[index][name] += number
    return rows


_NONE: dict[str, Any] = {
    state.COMPLETED: 0,
    state.FAILED: 0,
    state.TIMEOUT: 0,
    state.DEAD_LETTER: 0,
    state.CANCELLED: 0,
}


def _next_bound(moment: datetime) -> datetime:
    seconds = int(moment.timestamp()) // _BUCKET_SECONDS * _BUCKET_SECONDS + _BUCKET_SECONDS
    return datetime.fromtimestamp(seconds, moment.tzinfo)
