"""Lists, page by page: by offset or by cursor, with a total that never costs much.

A list is ordered by one column and the id. Rows without a value come last, as a second part
that is read only when the first is exhausted: so both databases walk their indexes.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import to_wire
from app.domain.errors import Invalid, invalid
from app.domain.schedules.once import parse_rfc3339

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
#: Totals are exact up to here; more is not worth counting.
COUNTED = 10_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page of a list is wanted. ``filters`` are what narrows the list, for the cursor."""

    limit: int = DEFAULT_LIMIT
    offset: int = 0
    cursor: str | None = None
    sort_by: str | None = None
    sort_order: str | None = None
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a list."""

    rows: Sequence[T]
    total: int
    limit: int
    offset: int
    next_cursor: str | None = None
    is_capped: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; ``nullable`` says that the list may hold rows without a value."""

    column: Any
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a list a page begins: after this key and id, or so many rows further."""

    sort_by: str
    descending: bool
    key: Any = None
    row_id: str | None = None
    offset: int = 0


class Listing:
    """A kind of list: its id column, what it may be sorted by, and how it is by default."""

    def __init__(
        self, row_id: Any, orders: Mapping[str, Order], sort_by: str, sort_order: str
    ) -> None:
        self.row_id, self.orders = row_id, orders
        self.sort_by, self.sort_order = sort_by, sort_order

    def ids(
        self, session: Session, where: Sequence[Any], wanted: Wanted
    ) -> tuple[list[str], str | None]:
        """Return the ids of a page in order, and the cursor of the next one."""
        place = self._place(wanted)
        rows = self._rows(session, where, place, wanted.limit + 1)
        more = len(rows) > wanted.limit
        rows = rows[: wanted.limit]
        cursor = self._cursor(place, rows[-1], wanted) if more and rows else None
        return [row_id for row_id, _ in rows], cursor

    def _place(self, wanted: Wanted) -> _Place:
        if wanted.cursor is None:
            order = (wanted.sort_order or self.sort_order) == "desc"
            return _Place(wanted.sort_by or self.sort_by, order, offset=wanted.offset)
        if wanted.offset:
            raise invalid("cursor", "can't be combined with offset")
        return self._read_cursor(wanted)

    def _rows(
        self, session: Session, where: Sequence[Any], place: _Place, count: int
    ) -> list[tuple[str, Any]]:
        """Read the part with values, then what is missing from the part without."""
        rows: list[tuple[str, Any]] = []
        order = self.orders[place.sort_by]
        in_first_part = place.row_id is None or place.key is not None
        if in_first_part:
            found = session.execute(self.part(where, place, count))
            rows = [(row_id, key) for row_id, key in found]
        if order.nullable and len(rows) < count:
            rows += self._rest(session, where, place, count - len(rows))
        return rows

    def part(self, where: Sequence[Any], place: _Place, count: int) -> sa.Select[Any]:
        """Return the query for the part of a list whose rows have a value."""
        order = self.orders[place.sort_by]
        column, row_id = order.column, self.row_id
        query = sa.select(row_id, column).where(*where)
        if order.nullable:
            query = query.where(column.is_not(None))
        if place.row_id is not None:
            pair = sa.tuple_(sa.literal(place.key, column.type), sa.literal(place.row_id))
            here = sa.tuple_(column, row_id)
            query = query.where(here < pair if place.descending else here > pair)
        by = (column.desc(), row_id.desc()) if place.descending else (column, row_id)
        return query.order_by(*by).limit(count).offset(place.offset or None)

    def _rest(
        self, session: Session, where: Sequence[Any], place: _Place, count: int
    ) -> list[tuple[str, Any]]:
        column, row_id = self.orders[place.sort_by].column, self.row_id
        offset = 0
        if place.offset:
            valued = sa.select(sa.func.count()).where(*where, column.is_not(None))
            offset = max(0, place.offset - (session.scalar(valued) or 0))
        query = sa.select(row_id).where(*where, column.is_(None))
        if place.row_id is not None and place.key is None:
            after = row_id < place.row_id if place.descending else row_id > place.row_id
            query = query.where(after)
        query = query.order_by(row_id.desc() if place.descending else row_id)
        return [(found, None) for found in session.scalars(query.limit(count).offset(offset))]

    def _cursor(self, place: _Place, last: tuple[str, Any], wanted: Wanted) -> str:
        row_id, key = last
        key = to_wire(key) if isinstance(key, datetime) else key
        order = "desc" if place.descending else "asc"
        parts = [place.sort_by, order, key, row_id, _fingerprint(wanted.filters)]
        return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()

    def _read_cursor(self, wanted: Wanted) -> _Place:
        sort_by, order, key, row_id, fingerprint = self._parts(wanted.cursor or "")
        if fingerprint != _fingerprint(wanted.filters):
            raise invalid("cursor", "belongs to a list with other filters")
        if wanted.sort_by not in {None, sort_by} or wanted.sort_order not in {None, order}:
            raise invalid("cursor", "belongs to a list in another order")
        return _Place(sort_by, order == "desc", key, row_id)

    def _parts(self, cursor: str) -> tuple[str, str, Any, str, str]:
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            sort_by, order, key, row_id, fingerprint = orjson.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
            known = sort_by in self.orders and order in {"asc", "desc"} and isinstance(row_id, str)
            key = _typed(key, self.orders[sort_by].column.type) if known else None
        except (ValueError, TypeError, KeyError, binascii.Error):
            known = False
        if not known:
            raise invalid("cursor", "is not one that this list gave", cursor)
        return sort_by, order, key, row_id, fingerprint


def _typed(key: Any, kind: Any) -> Any:
    """Return a cursor's key as the column's type; ``ValueError`` if it has another."""
    if key is None:
        return None
    if isinstance(kind, sa.Integer | sa.BigInteger):
        if type(key) is not int or abs(key) >= 2**63:
            raise ValueError("no number")
        return key
    if isinstance(kind, sa.String | sa.Text):
        return str(key)
    return parse_rfc3339(key)


def _fingerprint(filters: Mapping[str, Any]) -> str:
    text = orjson.dumps(
        {name: value for name, value in filters.items() if value not in (None, [], "")},
        default=str,
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(text).hexdigest()[:16]


def counted(session: Session, query: sa.Select[Any]) -> tuple[int, bool]:
    """Return how many rows a query has, exactly up to 10,000, and whether there are more."""
    some = query.limit(COUNTED + 1).subquery()
    found = session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return (COUNTED, True) if found > COUNTED else (found, False)


def check_range(first: datetime | None, last: datetime | None, names: tuple[str, str]) -> None:
    """Raise :class:`Invalid` if a range ends before it begins."""
    if first is not None and last is not None and first > last:
        error: Invalid = invalid(names[0], f"must not be later than {names[1]}", to_wire(first))
        raise error
