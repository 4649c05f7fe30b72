"""Lists of jobs: filters, order, totals."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Job
from app.services import search, totals
from app.services.access import sight
from app.services.jobs import views
from app.services.keyset import Order, Scope, cheaper_way, is_sqlite, unindexed
from app.services.listing import COUNTED, Listing, Page, Wanted, check_range, counted
from app.services.search import Narrowed

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
#: Spelt as in the partial index: the databases use that only for the same words.
_OF_PEOPLE = sa.text("jobs.created_by LIKE 'user:%'")
Conditions = tuple[Any, ...]


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
    #: Who owns the job, such as ``user:ann``.
    created_by: str | None = None

    def are_counted(self) -> bool:
        """Return whether the counters know how many jobs these let through."""
        return replace(self, project_id=None, status=None) == JobFilters()

    def are_indexed(self, sort_by: str) -> bool:
        """Return whether an index serves these filters in this order."""
        return self == JobFilters() or (
            sort_by == "scheduled_at" and not (self.search or self.tag_id or self.created_by)
        )


def page(session: Session, filters: JobFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of jobs as they go on the wire."""
    check_range(filters.time_from, filters.time_to, ("time_from", "time_to"))
    wanted = replace(wanted, filters=asdict(filters))
    place = LISTING.place(wanted)
    column = _leading(session, filters)
    narrowed = _narrowed(session, filters)
    sets = tuple(one.condition for one in narrowed)
    total, is_capped = _total(session, filters, narrowed, _columns(filters, column))
    scope = Scope((*_columns(filters, column), *sets))
    if not filters.are_indexed(place.sort_by):
        way = cheaper_way(session, total, totals.of(session, "jobs"))
        column = unindexed if way == "walk" else column
        scope = Scope((*_columns(filters, column), *sets), way=way)
    ids, cursor = LISTING.ids(session, scope, wanted, place)
    return Page(_rows(session, ids), total, wanted.limit, wanted.offset, cursor, is_capped)


def _rows(session: Session, ids: list[str]) -> list[dict[str, Any]]:
    query = sa.select(*views.COLUMNS).where(Job.id.in_(ids))
    found = {row.id: row for row in session.execute(query)}
    return views.page(session, [found[job_id] for job_id in ids if job_id in found])


def _itself(column: Any) -> Any:
    return column


def _columns(filters: JobFilters, column: Callable[[Any], Any] = _itself) -> Conditions:
    """Return the conditions on columns of the job itself."""
    equal = (
        (Job.project_id, filters.project_id),
        (Job.status, filters.status),
        (Job.type, filters.type),
    )
    where = [column(one) == value for one, value in equal if value is not None]
    if filters.created_by is not None:
        where.append(column(Job.created_by) == filters.created_by)
        if filters.created_by.startswith("user:"):
            where.append(_OF_PEOPLE)
    if filters.time_from is not None:
        where.append(column(Job.scheduled_at) >= filters.time_from)
    if filters.time_to is not None:
        where.append(column(Job.scheduled_at) <= filters.time_to)
    return tuple(where)


def _narrowed(session: Session, filters: JobFilters) -> list[Narrowed]:
    """Return what other tables decide."""
    found = []
    if filters.search:
        found.append(search.name_contains(session, filters.search))
    if filters.tag_id:
        found.append(search.tagged(session, Job.id, filters.tag_id))
    return found


def _leading(session: Session, filters: JobFilters) -> Callable[[Any], Any]:
    """Return how to name columns so that the index with the fewest rows leads.

    SQLite knows no numbers, and would take any of them; our counters know most.
    """
    sizes = {}
    if sight.limited() is not None:
        return _itself
    if filters.project_id is not None:
        sizes["project_id"] = totals.of(session, "jobs", filters.project_id)
    if filters.status is not None:
        sizes["status"] = totals.of(session, "jobs", None, (filters.status,))
    if not sizes or len(sizes) + (filters.type is not None) < 2 or not is_sqlite(session):
        return _itself
    others = {"project_id", "status", "type"} - {min(sizes, key=lambda name: sizes[name])}
    return lambda column: unindexed(column) if column.key in others else column


def _total(
    session: Session, filters: JobFilters, narrowed: Sequence[Narrowed], columns: Conditions
) -> tuple[int, bool]:
    sees_all = sight.limited() is None
    if filters.are_counted() and sees_all:
        statuses = (filters.status,) if filters.status else None
        return totals.of(session, "jobs", filters.project_id, statuses), False
    known = narrowed[0].matches if len(narrowed) == 1 and not columns and sees_all else None
    if known is not None:
        return min(known, COUNTED), known > COUNTED
    where = (*columns, *(one.condition for one in narrowed))
    return counted(session, sa.select(Job.id).where(*where))
