"""Lists, page by page: by offset or by cursor, with a total that never costs much."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import to_wire
from app.domain.errors import invalid
from app.domain.schedules.once import parse_rfc3339
from app.services.keyset import Order, Place, Row, Scope, read
from app.services.listing.glance import COUNTED, Glance, counted

__all__ = ["COUNTED", "DEFAULT_LIMIT", "MAX_LIMIT", "Listing", "Page", "Wanted"]
__all__ += ["check_range", "counted"]

DEFAULT_LIMIT = 50
MAX_LIMIT = 1000
#: 32 hexadecimal digits; of what the product brings, a name.
_ROW_ID = re.compile(r"[a-z0-9._-]{1,63}")

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


class Listing:
    """A kind of list: its id column, what it may be sorted by, and how it is by default."""

    def __init__(
        self, row_id: Any, orders: Mapping[str, Order], sort_by: str, sort_order: str
    ) -> None:
        self.row_id, self.orders = row_id, orders
        self.sort_by, self.sort_order = sort_by, sort_order

    def place(self, wanted: Wanted) -> Place:
        """Return where a wanted page begins. Raises :class:`Invalid` for a foreign cursor."""
        if wanted.cursor is None:
            order = (wanted.sort_order or self.sort_order) == "desc"
            return Place(wanted.sort_by or self.sort_by, order, offset=wanted.offset)
        if wanted.offset:
            raise invalid("cursor", "can't be combined with offset")
        return self._read_cursor(wanted)

    def glance(self, session: Session, wanted: Wanted, place: Place) -> Glance:
        """Return how to count the list so that a page of few rows is found on the way."""
        order, is_indexed = self.orders[place.sort_by], place.sort_by == self.sort_by
        return Glance(session, self.row_id, order, place, wanted.limit + 1, is_indexed)

    def ids(
        self,
        session: Session,
        scope: Scope,
        wanted: Wanted,
        place: Place | None = None,
        rows: list[Row] | None = None,
    ) -> tuple[list[str], str | None]:
        """Return the ids of a page in order, and the cursor of the next one.

        ``rows`` are those of the page and one more, where a glance has found them.
        """
        place = place or self.place(wanted)
        if rows is None:
            order = self.orders[place.sort_by]
            rows = read(session, self.row_id, order, scope, place, wanted.limit + 1)
        more = len(rows) > wanted.limit
        rows = rows[: wanted.limit]
        cursor = _cursor(place, rows[-1], wanted) if more else None
        return [row_id for row_id, _ in rows], cursor

    def _read_cursor(self, wanted: Wanted) -> Place:
        sort_by, order, key, row_id, fingerprint = self._parts(wanted.cursor or "")
        if fingerprint != _fingerprint(wanted.filters):
            raise invalid("cursor", "belongs to a list with other filters")
        if wanted.sort_by not in {None, sort_by} or wanted.sort_order not in {None, order}:
            raise invalid("cursor", "belongs to a list in another order")
        return Place(sort_by, order == "desc", key, row_id)

    def _parts(self, cursor: str) -> tuple[str, str, Any, str, str]:
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            sort_by, order, key, row_id, fingerprint = orjson.loads(
                base64.b64decode(padded, altchars=b"-_", validate=True)
            )
            known = sort_by in self.orders and order in {"asc", "desc"}
            known = known and _ROW_ID.fullmatch(row_id) is not None
            key = _typed(key, self.orders[sort_by].column.type) if known else None
        except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
            known = False
        if not known:
            raise invalid("cursor", "is not one that this list gave", cursor)
        return sort_by, order, key, row_id, fingerprint


def _cursor(place: Place, last: Row, wanted: Wanted) -> str:
    row_id, key = last
    key = to_wire(key) if isinstance(key, datetime) else key
    order = "desc" if place.descending else "asc"
    parts = [place.sort_by, order, key, row_id, _fingerprint(wanted.filters)]
    return base64.urlsafe_b64encode(orjson.dumps(parts)).rstrip(b"=").decode()


def _typed(key: Any, kind: Any) -> Any:
    """Return a cursor's key as the column's type; ``ValueError`` if it has another."""
    if key is None:
        return None
    if isinstance(kind, sa.Integer | sa.BigInteger):
        if type(key) is not int or abs(key) >= 2**63:
            raise ValueError("no number")
        return key
    if isinstance(kind, sa.String | sa.Text):
        if "\0" in key:
            raise ValueError("no text")
        return key
    return parse_rfc3339(key)


def _fingerprint(filters: Mapping[str, Any]) -> str:
    text = orjson.dumps(
        {name: value for name, value in filters.items() if value not in (None, [], "")},
        default=str,
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(text).hexdigest()[:16]


def check_range(first: datetime | None, last: datetime | None, names: tuple[str, str]) -> None:
    """Raise :class:`Invalid` if a range ends before it begins."""
    if first is not None and last is not None and first > last:
        raise invalid(names[0], f"must not be later than {names[1]}", to_wire(first))
