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
from app.services.jobs import figures
from app.services.keyset import Order, Scope, cheaper_way, unindexed
from app.services.listing import Listing, Page, Wanted, check_range, counted
from app.services.listing.glance import Glance
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
_SEVERAL = ("project_id", "origin", "worker", "queue", "error_code")
#: Spelt as in the partial indexes: the databases use those only for the same words.
_RARE_ORIGIN = sa.text("executions.origin NOT IN ('api', 'schedule')")
_OTHER_QUEUE = sa.text("executions.queue <> 'default'")
_UNSTARTED_COUNT = (
    "SELECT count(*) FROM executions {hint} WHERE status = 'cancelled' AND started_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class ExecutionFilters:
    """What narrows a list of executions; without statuses it lists what has started."""

    job_id: str | None = None
    statuses: tuple[str, ...] = ()
    project_id: tuple[str, ...] = ()
    tag_id: tuple[str, ...] = ()
    date_from: datetime | None = None
    date_to: datetime | None = None
    origin: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    queue: tuple[str, ...] = ()
    error_code: tuple[str, ...] = ()
    #: Milliseconds: what took no shorter.
    duration_from: int | None = None
    include_all: bool = False
    #: Only these, and what was made no later.
    ids: tuple[str, ...] = ()
    created_to: datetime | None = None

    def are_counted(self) -> bool:
        """Return whether the counters know how many executions these let through."""
        bare = replace(self, project_id=(), statuses=(), include_all=False)
        return bare == ExecutionFilters()

    def are_indexed(self, sort_by: str) -> bool:
        """Return whether an index serves these filters in this order."""
        if sort_by == "started_at":
            return self._are_led()
        return replace(self, include_all=False) == ExecutionFilters()

    def _are_led(self) -> bool:
        """Return whether one index of values and starts serves them, or one for each status."""
        rest = replace(self, statuses=(), date_from=None, date_to=None, include_all=False)
        if any(len(getattr(self, name)) > 1 for name in _SEVERAL):
            return False
        bare = replace(rest, job_id=None, project_id=(), origin=())
        if bare == ExecutionFilters():
            return True
        alone = replace(rest, project_id=(), origin=(), worker=(), queue=(), error_code=())
        given = sum(getattr(rest, name) != () for name in _SEVERAL)
        return not self.statuses and given == 1 and alone == ExecutionFilters()


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


def page(
    session: Session, filters: ExecutionFilters, wanted: Wanted, *, usual: bool = False
) -> Page[dict[str, Any]]:
    """Return a page of executions as they go on the wire; ``usual``: what their jobs take, too."""
    wanted = replace(wanted, filters=asdict(filters))
    listing = _listing(filters)
    place = listing.place(wanted)
    glance = listing.glance(session, wanted, place)
    scope, (total, is_capped) = read_scope(session, filters, place.sort_by, glance)
    ids, cursor = listing.ids(session, scope, wanted, place, [] if total == 0 else glance.rows)
    found = rows(session, ids)
    if usual:
        _add_usual(session, found)
    return Page(found, total, wanted.limit, wanted.offset, cursor, is_capped)


def _add_usual(session: Session, found: Sequence[dict[str, Any]]) -> None:
    takes = figures.durations(session, {row["job_id"] for row in found})
    for row in found:
        took = takes.get(row["job_id"], [])
        row["usual_duration_ms"] = figures.usual(took)
        row["p95_duration_ms"] = figures.percentile(took, 95)


def read_scope(
    session: Session, filters: ExecutionFilters, sort_by: str, glance: Glance | None = None
) -> tuple[Scope, tuple[int, bool]]:
    """Return what is in a list, as it is read best in this order, and its total.

    The total is capped if the second value says so. What no counter knows is counted by the
    glance, if there is one. Raises :class:`Invalid` for a range that
    ends before it begins.
    """
    check_range(filters.date_from, filters.date_to, ("date_from", "date_to"))
    tagged = _tagged(session, filters)
    plain = _scope(filters, tagged)
    total = _known_total(session, filters)
    if total is None:
        # Not one or another: of those PostgreSQL would make a map of rows, and read them all.
        of_status = (Execution.status.in_(filters.statuses),) if filters.statuses else ()
        where = (*plain.where, *of_status)
        total = glance(where) if glance else counted(session, sa.select(Execution.id).where(*where))
    if not filters.are_indexed(sort_by):
        way = cheaper_way(session, total[0], totals.of(session, "executions"))
        plain = replace(_scope(filters, tagged, unindexed if way == "walk" else _itself), way=way)
        if sort_by == "started_at":  # the index of statuses has it: less is walked than all
            plain = replace(plain, branches=_of_statuses(filters))
    if sort_by == "started_at":
        return plain, total
    return replace(plain.without_branches(), is_valued=True), total


def conditions(session: Session, filters: ExecutionFilters) -> tuple[Any, ...]:
    """Return what an execution fulfils that these let through."""
    return _scope(filters, _tagged(session, filters)).without_branches().where


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
    where: list[Any] = []
    if filters.job_id is not None:
        where.append(column(Execution.job_id) == filters.job_id)
    where += _several(filters, column)
    if not filters.statuses and not filters.include_all:
        where.append(_HAS_STARTED)
    for moment, one, sign in (
        (filters.date_from, Execution.started_at, ">="),
        (filters.date_to, Execution.started_at, "<="),
        (filters.duration_from, Execution.duration_ms, ">="),
        (filters.created_to, Execution.created_at, "<="),
    ):
        if moment is not None:
            where.append(column(one).op(sign, is_comparison=True)(moment))
    if filters.ids:
        where.append(Execution.id.in_(filters.ids))
    branches = _of_statuses(filters, column)
    is_valued = not filters.statuses or not {*filters.statuses} <= _UNSTARTED
    return Scope((*where, *tagged), branches, is_valued)


def _of_statuses(
    filters: ExecutionFilters, column: Callable[[Any], Any] = _itself
) -> tuple[Any, ...]:
    return tuple(column(Execution.status) == status for status in filters.statuses)


def _several(filters: ExecutionFilters, column: Callable[[Any], Any]) -> list[Any]:
    """Return the conditions of the filters of which any value is let through."""
    where: list[Any] = []
    for name in _SEVERAL:
        values, one = getattr(filters, name), column(getattr(Execution, name))
        if values:
            where.append(one == values[0] if len(values) == 1 else one.in_(values))
    if column is unindexed:
        return where
    if filters.origin and not {*filters.origin} & _COMMON_ORIGINS:
        where.append(_RARE_ORIGIN)
    if filters.queue and "default" not in filters.queue:
        where.append(_OTHER_QUEUE)
    return where


def _tagged(session: Session, filters: ExecutionFilters) -> tuple[Any, ...]:
    if not filters.tag_id:
        return ()
    is_narrow = bool(filters.statuses) and state.COMPLETED not in filters.statuses
    tagged = search.tagged(session, Execution.job_id, filters.tag_id, is_narrow=is_narrow)
    return (tagged.condition,)


def _known_total(session: Session, filters: ExecutionFilters) -> tuple[int, bool] | None:
    """Return the total where the counters know it."""
    if sight.limited() is not None or not filters.are_counted():
        return None
    projects: tuple[str | None, ...] = filters.project_id or (None,)
    if filters.statuses or filters.include_all:
        statuses = filters.statuses or None
        return sum(totals.of(session, "executions", one, statuses) for one in projects), False
    return sum(_count_of_started(session, one) for one in projects), False


def _count_of_started(session: Session, project_id: str | None) -> int:
    """Count by the counters, less those that were cancelled before they started."""
    started = totals.of(session, "executions", project_id, _SURE | {state.CANCELLED})
    is_sqlite = session.get_bind().dialect.name == "sqlite"  # it would choose another index
    text = _UNSTARTED_COUNT.format(hint="INDEXED BY ix_executions_unstarted" if is_sqlite else "")
    if project_id is None:
        return started - (session.scalar(sa.text(text)) or 0)
    mine = sa.text(f"{text} AND project_id = :project_id")
    return started - (session.scalar(mine, {"project_id": project_id}) or 0)
