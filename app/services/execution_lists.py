"""Lists of executions, and single ones: filters, order, totals, output."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.errors import NotFound
from app.domain.ids import normalise_id
from app.models import Execution
from app.services import execution_views, logs, search, totals
from app.services.access import sight
from app.services.keyset import Order, Scope, cheaper_way, unindexed
from app.services.listing import Listing, Page, Wanted, check_range, counted
from app.services.queues import places

_ORDERS = {
    "started_at": Order(Execution.started_at),
    "duration_ms": Order(Execution.duration_ms, nullable=True),
}
#: What has started always has a moment of its start; among all executions some have none.
STARTED = Listing(Execution.id, _ORDERS, "started_at", "desc")
ALL = Listing(
    Execution.id,
    _ORDERS | {"started_at": Order(Execution.started_at, nullable=True)},
    "started_at",
    "desc",
)
_HAS_STARTED = Execution.started_at.is_not(None)
#: What never started has one of these; what was cancelled may have started or not.
_UNSTARTED = frozenset({*state.WAITING, state.SKIPPED})
_SURE = frozenset(state.STATUSES) - _UNSTARTED - {state.CANCELLED}
_COMMON_ORIGINS = frozenset({"api", "schedule"})
#: Spelt as in the partial indexes: the databases use those only for the same words.
_RARE_ORIGIN = sa.text("executions.origin NOT IN ('api', 'schedule')")
_UNSTARTED_COUNT = (
    "SELECT count(*) FROM executions {hint} WHERE status = 'cancelled' AND started_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class ExecutionFilters:
    """What narrows a list of executions; without statuses it lists what has started."""

    job_id: str | None = None
    statuses: tuple[str, ...] = ()
    project_id: str | None = None
    tag_id: tuple[str, ...] = ()
    date_from: datetime | None = None
    date_to: datetime | None = None
    origin: str | None = None
    include_all: bool = False

    def are_counted(self) -> bool:
        """Return whether the counters know how many executions these let through."""
        bare = replace(self, project_id=None, statuses=(), include_all=False)
        return bare == ExecutionFilters()

    def are_indexed(self, sort_by: str) -> bool:
        """Return whether an index serves these filters in this order."""
        if sort_by == "started_at":
            return not self.tag_id
        return replace(self, include_all=False) == ExecutionFilters()


def get(session: Session, execution_id: str, *, lock: bool = False) -> Execution:
    """Return an execution. Raises :class:`NotFound`."""
    known = normalise_id(execution_id)
    row = session.get(Execution, known, with_for_update=lock or None) if known else None
    if row is None:
        raise not_found()
    return row


def detail(session: Session, execution_id: str) -> dict[str, Any]:
    """Return an execution as it goes on the wire, with up to 1 MiB of its output."""
    query = execution_views.QUERY.where(Execution.id == execution_id)
    row = session.execute(query).first()
    if row is None:
        raise not_found()
    found = execution_views.wire(row) | places.place(session, row.id)
    if row.output_purged_at is None and (
        row.output_tail is None or execution_views.fills_the_tail(row.output_tail)
    ):
        output, is_cut = logs.composed(session, row.id)
        if output:
            found["output"] = output
            found["output_truncated"] = row.output_truncated or is_cut
    return found


def not_found() -> NotFound:
    """Return the error for an execution that is not there."""
    return NotFound("Execution not found")


def page(session: Session, filters: ExecutionFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of executions as they go on the wire."""
    check_range(filters.date_from, filters.date_to, ("date_from", "date_to"))
    wanted = replace(wanted, filters=asdict(filters))
    listing = _listing(filters)
    place = listing.place(wanted)
    tagged = _tagged(session, filters)
    plain = _scope(filters, tagged)
    total, is_capped = _total(session, filters, plain)
    if not filters.are_indexed(place.sort_by):
        way = cheaper_way(session, total, totals.of(session, "executions"))
        plain = replace(_scope(filters, tagged, unindexed if way == "walk" else _itself), way=way)
    scope = plain if place.sort_by == "started_at" else plain.without_branches()
    ids, cursor = listing.ids(session, scope, wanted, place)
    return Page(rows(session, ids), total, wanted.limit, wanted.offset, cursor, is_capped)


def rows(session: Session, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return executions as they go on the wire, in the order of these ids."""
    query = execution_views.QUERY.where(Execution.id.in_(ids))
    found = {row.id: execution_views.wire(row) for row in session.execute(query)}
    return [found[row_id] for row_id in ids if row_id in found]


def _listing(filters: ExecutionFilters) -> Listing:
    has_started = not filters.include_all if not filters.statuses else {*filters.statuses} <= _SURE
    return STARTED if has_started else ALL


def _itself(column: Any) -> Any:
    return column


def _scope(
    filters: ExecutionFilters, tagged: tuple[Any, ...], column: Callable[[Any], Any] = _itself
) -> Scope:
    equal = ((Execution.job_id, filters.job_id), (Execution.project_id, filters.project_id))
    where = [column(one) == value for one, value in equal if value is not None]
    if filters.origin is not None:
        where.append(Execution.origin == filters.origin)
        if filters.origin not in _COMMON_ORIGINS:
            where.append(_RARE_ORIGIN)
    if not filters.statuses and not filters.include_all:
        where.append(_HAS_STARTED)
    if filters.date_from is not None:
        where.append(column(Execution.started_at) >= filters.date_from)
    if filters.date_to is not None:
        where.append(column(Execution.started_at) <= filters.date_to)
    branches = tuple(column(Execution.status) == status for status in filters.statuses)
    is_valued = not filters.statuses or not {*filters.statuses} <= _UNSTARTED
    return Scope((*where, *tagged), branches, is_valued)


def _tagged(session: Session, filters: ExecutionFilters) -> tuple[Any, ...]:
    if not filters.tag_id:
        return ()
    return (search.tagged(session, Execution.job_id, filters.tag_id).condition,)


def _total(session: Session, filters: ExecutionFilters, scope: Scope) -> tuple[int, bool]:
    if sight.limited() is not None or not filters.are_counted():
        return counted(session, sa.select(Execution.id).where(*scope.without_branches().where))
    if filters.statuses or filters.include_all:
        statuses = filters.statuses or None
        return totals.of(session, "executions", filters.project_id, statuses), False
    return _count_of_started(session, filters.project_id), False


def _count_of_started(session: Session, project_id: str | None) -> int:
    """Count by the counters, less those that were cancelled before they started."""
    started = totals.of(session, "executions", project_id, _SURE | {state.CANCELLED})
    is_sqlite = session.get_bind().dialect.name == "sqlite"  # it would choose another index
    text = _UNSTARTED_COUNT.format(hint="INDEXED BY ix_executions_unstarted" if is_sqlite else "")
    if project_id is None:
        return started - (session.scalar(sa.text(text)) or 0)
    mine = sa.text(f"{text} AND project_id = :project_id")
    return started - (session.scalar(mine, {"project_id": project_id}) or 0)
