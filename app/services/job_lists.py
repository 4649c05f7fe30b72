"""Lists of jobs: filters, order, totals."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Job
from app.services import job_views, search, totals
from app.services.listing import Listing, Order, Page, Wanted, check_range, counted

LISTING = Listing(
    Job.id,
    {
        "scheduled_at": Order(Job.scheduled_at, nullable=True),
        "priority": Order(Job.priority),
        "created_at": Order(Job.created_at),
    },
    "scheduled_at",
    "asc",
)


@dataclass(frozen=True, slots=True)
class JobFilters:
    """What narrows a list of jobs."""

    project_id: str | None = None
    status: str | None = None
    type: str | None = None
    search: str | None = None
    tag_id: tuple[str, ...] = ()
    time_from: datetime | None = None
    time_to: datetime | None = None


def page(session: Session, filters: JobFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of jobs as they go on the wire."""
    check_range(filters.time_from, filters.time_to, ("time_from", "time_to"))
    where = _where(session, filters)
    wanted = replace(wanted, filters=asdict(filters))
    ids, cursor = LISTING.ids(session, where, wanted)
    query = sa.select(*job_views.COLUMNS).where(Job.id.in_(ids))
    found = {row.id: row for row in session.execute(query)}
    rows = job_views.page(session, [found[job_id] for job_id in ids if job_id in found])
    total, is_capped = _total(session, filters, where)
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def _where(session: Session, filters: JobFilters) -> list[sa.ColumnElement[bool]]:
    where = [
        column == value
        for column, value in (
            (Job.project_id, filters.project_id),
            (Job.status, filters.status),
            (Job.type, filters.type),
        )
        if value is not None
    ]
    if filters.time_from is not None:
        where.append(Job.scheduled_at >= filters.time_from)
    if filters.time_to is not None:
        where.append(Job.scheduled_at <= filters.time_to)
    if filters.search:
        where.append(search.name_contains(session, filters.search))
    if filters.tag_id:
        where.append(search.tagged(session, Job.id, filters.tag_id))
    return where


def _total(
    session: Session, filters: JobFilters, where: list[sa.ColumnElement[bool]]
) -> tuple[int, bool]:
    narrowed = replace(filters, project_id=None, status=None)
    if narrowed == JobFilters():
        statuses = (filters.status,) if filters.status else None
        return totals.of(session, "jobs", filters.project_id, statuses), False
    return counted(session, sa.select(Job.id).where(*where))
