"""Counting what filters let through, and finding the page at once where it is little.

What no counter knows has to be looked at row by row for its total. If that comes to an end before
it is given up, every row of the list is known, and so is any piece of it: nothing is read twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.services.keyset import Order, Place, Row

#: Totals are exact up to here; more is not worth counting.
COUNTED: Final = 10_000


@dataclass
class Glance:
    """A look at a list for its total; ``rows`` are those of the piece, if all were seen."""

    session: Session
    row_id: Any
    order: Order
    place: Place
    count: int
    #: Whether the indexes of filters have what is sorted by: else it is looked up for few rows.
    is_indexed: bool
    rows: list[Row] | None = None

    def __call__(self, where: Sequence[Any]) -> tuple[int, bool]:
        """Return how many rows fulfil the conditions, exactly up to 10,000, and if there are more.

        Both come with one statement, the rows of the piece but if there are no more.
        """
        found = self.session.execute(self._query(where)).all()
        if not found:  # the place lies behind the end
            return counted(self.session, sa.select(self.row_id).where(*where))
        total = int(found[0].total)
        if total > COUNTED:
            return COUNTED, True
        self.rows = [(row.row_id, row.key) for row in found if row.row_id is not None]
        return total, False

    def _query(self, where: Sequence[Any]) -> sa.Select[Any]:
        """Return the query of the total with each row of the piece, or with none of too many."""
        keys = (self.order.column.label("key"),) if self.is_indexed else ()
        seen = sa.select(self.row_id.label("row_id"), *keys)
        some = seen.where(*where).limit(COUNTED + 1).cte("seen")
        number = sa.select(sa.func.count().label("total")).select_from(some).subquery("number")
        few = number.outerjoin(some, number.c.total <= COUNTED)
        key = some.c.key if self.is_indexed else self._looked_up(some.c.row_id)
        rows = sa.select(number.c.total, some.c.row_id, key.label("key")).select_from(few)
        piece = rows.cte("piece").prefix_with("MATERIALIZED")  # each key is looked up but once
        columns = (piece.c.key, piece.c.row_id)
        by = [column.desc() for column in columns] if self.place.descending else columns
        query = sa.select(piece).where(*self._after(piece.c)).order_by(piece.c.key.is_(None), *by)
        return query.limit(self.count).offset(self.place.offset or None)

    def _looked_up(self, row_id: Any) -> Any:
        other = aliased(self.row_id.class_, name="other")
        key = sa.select(getattr(other, self.order.column.key)).where(other.id == row_id)
        return key.scalar_subquery()

    def _after(self, columns: Any) -> tuple[Any, ...]:
        """Return the conditions on what comes after the place; without a value is last."""
        place = self.place
        if place.row_id is None:
            return ()
        if place.key is None:
            row_id = columns.row_id
            is_later = row_id < place.row_id if place.descending else row_id > place.row_id
            return (columns.key.is_(None), is_later)
        here = sa.tuple_(columns.key, columns.row_id)
        pair = sa.tuple_(sa.literal(place.key, columns.key.type), sa.literal(place.row_id))
        is_later = here < pair if place.descending else here > pair
        return (sa.or_(columns.key.is_(None), is_later),)


def counted(session: Session, query: sa.Select[Any]) -> tuple[int, bool]:
    """Return how many rows a query has, exactly up to 10,000, and whether there are more."""
    some = query.limit(COUNTED + 1).subquery()
    found = session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
    return (COUNTED, True) if found > COUNTED else (found, False)
