"""Lists of executions, and single ones: filters, order, totals, output."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.errors import NotFound
from app.domain.ids import normalise_id
from app.models import Execution, Job
from app.services import execution_views, logs, search, totals
from app.services.listing import Listing, Order, Page, Wanted, check_range, counted

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
#: Statuses that only what has started can have; what was cancelled may have started or not.
_SURE = tuple(
    status
    for status in state.STATUSES
    if status not in {*state.WAITING, state.SKIPPED, state.CANCELLED}
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
    worker: str | None = None
    include_all: bool = False


def get(session: Session, execution_id: str, *, lock: bool = False) -> Execution:
    """Return an execution. Raises :class:`NotFound`."""
    known = normalise_id(execution_id)
    row = session.get(Execution, known, with_for_update=lock or None) if known else None
    if row is None:
        raise not_found()
    return row


def detail(session: Session, execution_id: str) -> dict[str, Any]:
    """Return an execution as it goes on the wire, with up to 1 MiB of its output."""
    query = sa.select(*execution_views.COLUMNS).join(Job).where(Execution.id == execution_id)
    row = session.execute(query).first()
    if row is None:
        raise not_found()
    found = execution_views.wire(row)
    if row.output_tail is None or execution_views.fills_the_tail(row.output_tail):
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
    where = _where(session, filters)
    only_started = not filters.statuses and not filters.include_all
    wanted = replace(wanted, filters=asdict(filters))
    ids, cursor = (STARTED if only_started else ALL).ids(session, where, wanted)
    query = sa.select(*execution_views.COLUMNS).join(Job).where(Execution.id.in_(ids))
    found = {row.id: execution_views.wire(row) for row in session.execute(query)}
    rows = [found[row_id] for row_id in ids if row_id in found]
    total, is_capped = _total(session, filters, where)
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def _where(session: Session, filters: ExecutionFilters) -> list[sa.ColumnElement[bool]]:
    where = [
        column == value
        for column, value in (
            (Execution.job_id, filters.job_id),
            (Execution.project_id, filters.project_id),
            (Execution.origin, filters.origin),
            (Execution.worker, filters.worker),
        )
        if value is not None
    ]
    if len(filters.statuses) == 1:
        where.append(Execution.status == filters.statuses[0])
    elif filters.statuses:
        where.append(Execution.status.in_(filters.statuses))
    elif not filters.include_all:
        where.append(_HAS_STARTED)
    if filters.date_from is not None:
        where.append(Execution.started_at >= filters.date_from)
    if filters.date_to is not None:
        where.append(Execution.started_at <= filters.date_to)
    if filters.tag_id:
        where.append(search.tagged(session, Execution.job_id, filters.tag_id))
    return where


def _total(
    session: Session, filters: ExecutionFilters, where: list[sa.ColumnElement[bool]]
) -> tuple[int, bool]:
    narrowed = replace(filters, project_id=None, statuses=(), include_all=False)
    if narrowed != ExecutionFilters():
        return counted(session, sa.select(Execution.id).where(*where))
    project = filters.project_id
    if filters.statuses or filters.include_all:
        return totals.of(session, "executions", project, filters.statuses or None), False
    cancelled = [Execution.status == state.CANCELLED, _HAS_STARTED]
    if project is not None:
        cancelled.append(Execution.project_id == project)
    started = session.scalar(sa.select(sa.func.count()).where(*cancelled)) or 0
    return totals.of(session, "executions", project, _SURE) + started, False
