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
from app.services.driver.lists import is_one_of
from app.services.jobs import views
from app.services.keyset import Order, Scope, cheaper_way, is_sqlite, unindexed
from app.services.listing import COUNTED, Listing, Page, Wanted, check_range, counted
from app.services.listing.glance import Glance
from app.services.search import Narrowed

LISTING = Listing(
    Job.id,
    {
        "scheduled_at": Order(Job.scheduled_at, nullable=True),
        "priority": Order(Job.priority),
        "created_at": Order(Job.created_at),
        "name": Order(Job.name),
        "last_ended_at": Order(Job.last_ended_at, nullable=True),
    },
    "scheduled_at",
    "asc",
)
#: Spelt as in the partial indexes: the databases use those only for the same words.
_OF_PEOPLE = sa.text("jobs.created_by LIKE 'user:%'")
_RESTING = sa.text("(jobs.status = 'paused' OR NOT jobs.enabled)")
_OTHER_QUEUE = sa.text("jobs.queue <> 'default'")
_OTHER_PRIORITY = sa.text("jobs.priority <> 5")
#: Each has an index of its own in which the moments follow, and of which any value may be meant.
_LED = ("status", "project_id", "type", "result")
Conditions = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class JobFilters:
    """What narrows a list of jobs; of several values any is let through."""

    project_id: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    search: str | None = None
    tag_id: tuple[str, ...] = ()
    time_from: datetime | None = None
    time_to: datetime | None = None
    #: Who owns the job, such as ``user:ann``.
    created_by: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    #: How the latest end of its executions was.
    result: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    priority: tuple[int, ...] = ()
    enabled: bool | None = None
    #: Only what is paused or switched off.
    resting: bool | None = None
    #: Only these.
    ids: tuple[str, ...] = ()

    def are_counted(self) -> bool:
        """Return whether the counters know how many jobs these let through."""
        return replace(self, project_id=(), status=()) == JobFilters()

    def are_indexed(self, sort_by: str) -> bool:
        """Return whether an index serves these filters in this order."""
        if self == JobFilters():
            return True
        return sort_by == "scheduled_at" and self._are_led()

    def _are_led(self) -> bool:
        """Return whether one index of values and moments serves them, or one for each value."""
        rest = replace(self, time_from=None, time_to=None)
        known = replace(rest, status=(), project_id=(), type=()) == JobFilters()
        alone = replace(rest, result=()) == JobFilters() or rest == JobFilters(resting=True)
        for name in ("queue", "priority"):
            one: Any = {name: ()}
            is_one = len(getattr(self, name)) == 1
            alone = alone or (is_one and replace(rest, **one) == JobFilters())
        return (known or alone) and sum(len(getattr(self, name)) > 1 for name in _LED) < 2


def page(session: Session, filters: JobFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of jobs as they go on the wire."""
    wanted = replace(wanted, filters=asdict(filters))
    place = LISTING.place(wanted)
    glance = LISTING.glance(session, wanted, place)
    scope, (total, is_capped) = read_scope(session, filters, place.sort_by, glance)
    ids, cursor = LISTING.ids(session, scope, wanted, place, [] if total == 0 else glance.rows)
    return Page(_rows(session, ids), total, wanted.limit, wanted.offset, cursor, is_capped)


def read_scope(
    session: Session, filters: JobFilters, sort_by: str, glance: Glance | None = None
) -> tuple[Scope, tuple[int, bool]]:
    """Return what is in a list, as it is read best in this order, and its total.

    The total is capped if the second value says so. What no counter knows is counted by the
    glance, if there is one. Raises :class:`Invalid` for a range that
    ends before it begins.
    """
    check_range(filters.time_from, filters.time_to, ("time_from", "time_to"))
    check_range(filters.created_from, filters.created_to, ("created_from", "created_to"))
    narrowed = _narrowed(session, filters)
    sets = tuple(one.condition for one in narrowed)
    column = _leading(session, filters)
    total = _known_total(session, filters, narrowed)
    if total is None:
        where = (*_columns(filters, column), *sets)
        total = glance(where) if glance else counted(session, sa.select(Job.id).where(*where))
    if filters.are_indexed(sort_by):
        rest, branches = _branched(filters, column)
        return Scope((*_columns(rest, column), *sets), branches), total
    way = cheaper_way(session, total[0], totals.of(session, "jobs"))
    column = unindexed if way == "walk" else column
    return Scope((*_columns(filters, column), *sets), way=way), total


def conditions(session: Session, filters: JobFilters) -> Conditions:
    """Return what a job fulfils that these let through."""
    return (*_columns(filters), *(one.condition for one in _narrowed(session, filters)))


def _branched(
    filters: JobFilters, column: Callable[[Any], Any]
) -> tuple[JobFilters, tuple[Any, ...]]:
    """Take out the filter with several values, and return a condition for each of them."""
    for name in _LED:
        values = getattr(filters, name)
        if len(values) > 1:
            where = tuple(column(_COLUMNS[name]) == value for value in values)
            without: Any = {name: ()}
            return replace(filters, **without), where
    return filters, ()


_jobs: Any = Job.__table__
_THESE = sa.select(*views.COLUMNS).where(is_one_of(_jobs.c.id, "of_ids"))


def _rows(session: Session, ids: list[str]) -> list[dict[str, Any]]:
    found = {row.id: row for row in session.execute(_THESE, {"of_ids": ids})}
    return views.page(session, [found[job_id] for job_id in ids if job_id in found])


def _itself(column: Any) -> Any:
    return column


_COLUMNS: dict[str, Any] = {
    "project_id": Job.project_id,
    "status": Job.status,
    "type": Job.type,
    "result": Job.last_result,
    "queue": Job.queue,
    "priority": Job.priority,
    "ids": Job.id,
}
_RANGES: tuple[tuple[str, Any, str], ...] = (
    ("time_from", Job.scheduled_at, ">="),
    ("time_to", Job.scheduled_at, "<="),
    ("created_from", Job.created_at, ">="),
    ("created_to", Job.created_at, "<="),
)


def _columns(filters: JobFilters, column: Callable[[Any], Any] = _itself) -> Conditions:
    """Return the conditions on columns of the job itself."""
    where: list[Any] = []
    for name, one in _COLUMNS.items():
        values = getattr(filters, name)
        if values:
            where.append(column(one) == values[0] if len(values) == 1 else column(one).in_(values))
    for name, one, sign in _RANGES:
        moment = getattr(filters, name)
        if moment is not None:
            where.append(column(one).op(sign, is_comparison=True)(moment))
    return (*where, *_rare(filters, column))


def _rare(filters: JobFilters, column: Callable[[Any], Any]) -> Conditions:
    """Return the conditions for which there are indexes of few rows."""
    is_walked = column is unindexed
    where: list[Any] = []
    if filters.created_by is not None:
        where.append(column(Job.created_by) == filters.created_by)
        if filters.created_by.startswith("user:"):
            where.append(_OF_PEOPLE)
    if filters.queue and "default" not in filters.queue and not is_walked:
        where.append(_OTHER_QUEUE)
    if filters.priority and 5 not in filters.priority and not is_walked:
        where.append(_OTHER_PRIORITY)
    if filters.enabled is not None:
        where.append(column(Job.enabled).is_(filters.enabled))
        if not filters.enabled and not is_walked:
            where.append(_RESTING)
    if filters.resting:
        where.append(_RESTING)
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
    if filters.project_id:
        sizes["project_id"] = _count(session, filters.project_id, ())
    if filters.status:
        sizes["status"] = _count(session, (), filters.status)
    if not sizes or len(sizes) + bool(filters.type) < 2 or not is_sqlite(session):
        return _itself
    others = {"project_id", "status", "type"} - {min(sizes, key=lambda name: sizes[name])}
    return lambda column: unindexed(column) if column.key in others else column


def _count(session: Session, projects: Sequence[str], statuses: Sequence[str]) -> int:
    """Return how many jobs the counters know of these projects and statuses; of all if none."""
    wanted = tuple(statuses) or None
    return sum(totals.of(session, "jobs", one, wanted) for one in projects or (None,))


def _known_total(
    session: Session, filters: JobFilters, narrowed: Sequence[Narrowed]
) -> tuple[int, bool] | None:
    """Return the total where it is known without a look at the jobs."""
    if sight.limited() is not None:
        return None
    if filters.are_counted():
        return _count(session, filters.project_id, filters.status), False
    is_alone = len(narrowed) == 1 and not _columns(filters)
    known = narrowed[0].matches if is_alone else None
    return None if known is None else (min(known, COUNTED), known > COUNTED)
