"""Reading a piece of a list in its order, by the indexes that serve it.

A list is ordered by one column and the id. Rows without a value come last, as a second part
that is read only when the first is exhausted: so both databases walk their indexes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session

Row = tuple[str, Any]

#: Branches are merged up to this offset; beyond, one query with an OR is cheaper.
_MERGED_OFFSET = 1000
#: What a match costs to sort, in squared rows a walked row costs: tried on a million rows.
_SORT_WEIGHT = 25
MOST_SORTED = 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """A column to sort by; ``nullable`` says that the list may hold rows without a value."""

    column: Any
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """What is in a list.

    Each row fulfils exactly one of ``branches``, if there are any; ``is_valued`` is false if no
    row has a value to sort by. ``way`` tells SQLite, which knows no numbers, what is cheaper: to
    ``walk`` the rows in their order, or to ``sort`` those that the filters find.
    """

    where: tuple[Any, ...] = ()
    branches: tuple[Any, ...] = ()
    is_valued: bool = True
    way: Literal["walk", "sort"] | None = None

    def without_branches(self) -> "Scope":
        """Return the same list in one condition."""
        either = (sa.or_(*self.branches),) if self.branches else ()
        return replace(self, where=(*self.where, *either), branches=())


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a list a piece begins: after this key and id, or so many rows further."""

    sort_by: str
    descending: bool
    key: Any = None
    row_id: str | None = None
    offset: int = 0


def is_sqlite(session: Session) -> bool:
    """Return whether the session's database is SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def unindexed(column: Any) -> Any:
    """Return a column as an expression for which SQLite takes no index."""
    return sa.sql.elements.UnaryExpression(
        column, operator=sa.sql.operators.custom_op("+"), type_=column.type
    )


def cheaper_way(session: Session, matches: int, rows: int) -> Literal["walk", "sort"] | None:
    """Return how SQLite should read so many matches of a list of so many rows."""
    if not is_sqlite(session):
        return None
    few = matches < MOST_SORTED and matches * matches < _SORT_WEIGHT * rows
    return "sort" if few else "walk"


def read(
    session: Session, row_id: Any, order: Order, scope: Scope, place: Place, count: int
) -> list[Row]:
    """Return the next ``count`` rows of a list: their ids with what they are sorted by."""
    if place.offset > _MERGED_OFFSET:
        scope = scope.without_branches()
    rows: list[Row] = []
    if scope.is_valued and (place.row_id is None or place.key is not None):
        rows = _merged(session, valued(row_id, order, scope, place, count), place, count)
    if order.nullable and len(rows) < count:
        offset = _offset_of_rest(session, order, scope, place)
        rest = replace(place, offset=offset)
        rows += _merged(
            session, _unvalued(row_id, order, scope, rest, count - len(rows)), rest, count
        )
    return rows[:count]


def _merged(
    session: Session, queries: Iterator[sa.Select[Any]], place: Place, count: int
) -> list[Row]:
    found = [[(row_id, key) for row_id, key in session.execute(query)] for query in queries]
    if len(found) == 1:
        return found[0]
    rows = [row for rows in found for row in rows]
    rows.sort(key=lambda row: (row[1] is not None and row[1], row[0]), reverse=place.descending)
    return rows[place.offset : place.offset + count]


def valued(
    row_id: Any, order: Order, scope: Scope, place: Place, count: int
) -> Iterator[sa.Select[Any]]:
    """Yield the query, or one for each branch, for the rows that have a value."""
    column = unindexed(order.column) if scope.way == "sort" else order.column
    query = sa.select(row_id, order.column).where(*scope.where)
    if order.nullable:
        query = query.where(column.is_not(None))
    if place.row_id is not None:
        key = sa.literal(place.key, order.column.type)
        pair, here = sa.tuple_(key, sa.literal(place.row_id)), sa.tuple_(column, row_id)
        query = query.where(here < pair if place.descending else here > pair)
    by = (column.desc(), row_id.desc()) if place.descending else (column, row_id)
    return _cut(query.order_by(*by), scope.branches, place.offset, count)


def _unvalued(
    row_id: Any, order: Order, scope: Scope, place: Place, count: int
) -> Iterator[sa.Select[Any]]:
    query = sa.select(row_id, sa.null()).where(*scope.where, order.column.is_(None))
    if place.row_id is not None and place.key is None:
        query = query.where(row_id < place.row_id if place.descending else row_id > place.row_id)
    query = query.order_by(row_id.desc() if place.descending else row_id)
    return _cut(query, scope.branches, place.offset, count)


def _cut(
    query: sa.Select[Any], branches: Sequence[Any], offset: int, count: int
) -> Iterator[sa.Select[Any]]:
    if not branches:
        yield query.limit(count).offset(offset or None)
    for branch in branches:
        yield query.where(branch).limit(offset + count)


def _offset_of_rest(session: Session, order: Order, scope: Scope, place: Place) -> int:
    """Return how many rows without a value an offset skips."""
    if not (place.offset and scope.is_valued):
        return place.offset
    plain = scope.without_branches()
    query = sa.select(sa.func.count()).where(*plain.where, order.column.is_not(None))
    return max(0, place.offset - (session.scalar(query) or 0))
