"""Counting what filters let through, and finding the page at once where it is little.

What no counter knows has to be looked at row by row for its total. If that comes to an end before
it is given up, every row of the list is known, and so is any piece of it: nothing is read twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
    rows: list[Row] | None = None

    def __call__(self, where: Sequence[Any]) -> tuple[int, bool]:
        """Return how many rows fulfil the conditions, exactly up to 10,000, and if there are more.

        Both come with one statement, the rows of the piece but if there are no more.
        """
        columns = (self.row_id.label("row_id"), self.order.column.label("key"))
        seen = sa.select(*columns).where(*where).limit(COUNTED + 1).cte("seen")
        number = sa.select(sa.func.count().label("total")).select_from(seen).subquery("number")
        mine = sa.and_(number.c.total <= COUNTED, *self._after(seen.c))
        key, row_id = seen.c.key, seen.c.row_id
        by = (key.desc(), row_id.desc()) if self.place.descending else (key, row_id)
        query = (
            sa.select(number.c.total, row_id, key)
            .select_from(number.outerjoin(seen, mine))
            .order_by(key.is_(None), *by)
            .limit(self.count)
            .offset(self.place.offset or None)
        )
        found = self.session.execute(query).all()
        if not found:  # the place lies behind the end
            return counted(self.session, sa.select(self.row_id).where(*where))
        total = int(found[0].total)
        if total > COUNTED:
            return COUNTED, True
        self.rows = [(row.row_id, row.key) for row in found if row.row_id is not None]
        return total, False

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
