"""Statements on the path of every job, run without what SQLAlchemy does at each run.

A statement is compiled once for a database and then handed to the driver as it is. Through
SQLAlchemy each run costs some 40 µs of Python more, and on SQLite all who write wait meanwhile.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.driver.cursors import cursor as opened

_Change = Callable[[Any], Any]


class Prepared:
    """A statement built with SQLAlchemy and run at the driver, within the caller's unit of work.

    It takes no lists (an ``expanding`` parameter is another text for each length) and flushes
    nothing: whoever changed objects does so before. It raises what SQLAlchemy would raise.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def rows(self, session: Session, values: Mapping[str, Any]) -> list[Any]:
        """Run it and return its rows, as tuples with the names of the columns."""
        connection = session.connection()
        text = self._text(connection.dialect)
        with opened(connection, text.sql) as cursor:
            cursor.execute(text.sql, text.parameters(values))
            return text.read(cursor)

    def write(self, session: Session, values: Sequence[Mapping[str, Any]]) -> int:
        """Run it with each of ``values``; return how many rows it found in all."""
        connection = session.connection()
        text = self._text(connection.dialect)
        with opened(connection, text.sql) as cursor:
            if len(values) == 1:
                cursor.execute(text.sql, text.parameters(values[0]))
            else:
                cursor.executemany(text.sql, [text.parameters(one) for one in values])
            return int(cursor.rowcount)

    def _text(self, dialect: sa.Dialect) -> "_Text":
        known = self._texts.get(dialect.name)
        if known is None:
            known = self._texts[dialect.name] = _Text(self._statement, dialect)
        return known


class _Text:
    """A statement in the words of one driver, and how values get to it and back."""

    def __init__(self, statement: Any, dialect: sa.Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        #: By place or by name, as the driver wants them: the name that callers use, what is
        #: given if they give nothing, and how it is written.
        self._names = list(compiled.positiontup or compiled.params)
        self._by_place = compiled.positiontup is not None
        self._given = dict(compiled.params)
        self._writing = {
            name: change
            for bind, name in compiled.bind_names.items()
            if (change := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._columns = list(getattr(statement, "exported_columns", ()))
        row: Any = namedtuple("Row", [column.key for column in self._columns])  # type: ignore[misc] # named as it is asked for
        self._row = row
        self._dialect = dialect
        self._reading: list[tuple[int, _Change]] | None = None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the values as the driver takes them."""
        given = {**self._given, **values}
        for name, change in self._writing.items():
            given[name] = change(given[name])
        if self._by_place:
            return [given[name] for name in self._names]
        return {name: given[name] for name in self._names}

    def read(self, cursor: Any) -> list[Any]:
        """Return the rows of a cursor with Python's values and the names of the columns."""
        if self._reading is None:
            self._reading = self._readers(cursor.description)
        rows = cursor.fetchall()
        if self._reading:
            rows = [self._changed(list(row), self._reading) for row in rows]
        return [self._row._make(row) for row in rows]

    def _readers(self, description: Sequence[Sequence[Any]]) -> list[tuple[int, _Change]]:
        """Return which columns are changed on their way, and how; the driver says their types."""
        found = []
        for place, (column, (_, kind, *_)) in enumerate(
            zip(self._columns, description, strict=True)
        ):
            implementation = column.type.dialect_impl(self._dialect)
            change = implementation.result_processor(self._dialect, kind)
            if change is not None:
                found.append((place, change))
        return found

    @staticmethod
    def _changed(row: list[Any], changes: Sequence[tuple[int, _Change]]) -> list[Any]:
        for place, change in changes:
            row[place] = change(row[place])
        return row
