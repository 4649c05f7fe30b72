"""Reading the audit log: page by page, or all of it for an export."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading
from app.models import AuditEntry
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, check_range, counted

LISTING = Listing(AuditEntry.id, {"at": Order(AuditEntry.at)}, "at", "desc")
_EQUAL: Final = ("actor", "target_kind", "target_id", "project_id", "result", "address")
_SEARCHED: Final = ("actor", "action", "target_id", "target_name", "detail")
#: Rows that an export holds in memory.
_A_READ: Final = 500
COLUMNS: Final = (
    *("id", "at", "actor", "user_id", "key_id", "address", "action", "result"),
    *("target_kind", "target_id", "target_name", "project_id", "detail", "trace_id"),
    *("sequence", "hash"),
)


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What narrows the log; ``action`` also lets through what begins with it."""

    actor: str | None = None
    action: str | None = None
    target_kind: str | None = None
    target_id: str | None = None
    project_id: str | None = None
    result: str | None = None
    address: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None
    search: str | None = None


def page(session: Session, filters: AuditFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of rows, the newest first unless asked otherwise."""
    where = _where(filters)
    wanted = replace(wanted, filters=asdict(filters))
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    query = sa.select(AuditEntry).where(AuditEntry.id.in_(ids))
    found = {row.id: wire(row) for row in session.scalars(query)}
    total, is_capped = counted(session, sa.select(AuditEntry.id).where(*where))
    rows = [found[row_id] for row_id in ids if row_id in found]
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def walk(filters: AuditFilters) -> Iterator[dict[str, Any]]:
    """Yield all rows that the filters let through, the oldest first, a few at a time."""
    where = _where(filters)
    after: tuple[datetime, str] | None = None
    while True:
        query = sa.select(AuditEntry).where(*where).order_by(AuditEntry.at, AuditEntry.id)
        if after is not None:
            place = sa.tuple_(sa.literal(after[0], AuditEntry.at.type), sa.literal(after[1]))
            query = query.where(sa.tuple_(AuditEntry.at, AuditEntry.id) > place)
        with reading() as session:
            rows = [*session.scalars(query.limit(_A_READ))]
        yield from map(wire, rows)
        if len(rows) < _A_READ:
            return
        after = (rows[-1].at, rows[-1].id)


def check(filters: AuditFilters) -> None:
    """Raise :class:`Invalid` for filters that contradict each other."""
    check_range(filters.date_from, filters.date_to, ("from", "to"))


def wire(row: AuditEntry) -> dict[str, Any]:
    """Return a row as it goes on the wire, its detail as an object."""
    found = {name: getattr(row, name) for name in COLUMNS}
    found["detail"] = _detail(row.detail)
    return found


def _detail(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:  # by other hands: it is shown, and verify tells of it
        return {"text": text}


def _where(filters: AuditFilters) -> tuple[Any, ...]:
    check(filters)
    equal = ((getattr(AuditEntry, name), getattr(filters, name)) for name in _EQUAL)
    where: list[Any] = [column == value for column, value in equal if value is not None]
    if filters.action is not None:
        where.append(AuditEntry.action.startswith(filters.action, autoescape=True))
    if filters.date_from is not None:
        where.append(AuditEntry.at >= filters.date_from)
    if filters.date_to is not None:
        where.append(AuditEntry.at <= filters.date_to)
    if filters.search is not None:
        columns = (getattr(AuditEntry, name) for name in _SEARCHED)
        found = (column.icontains(filters.search, autoescape=True) for column in columns)
        where.append(sa.or_(*found))
    return tuple(where)
