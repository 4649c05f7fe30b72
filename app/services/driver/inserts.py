"""Inserting rows without the mapper and its statements, where much is inserted.

The text of an INSERT is made once for each table, and rows go straight to the driver: a fourth of
the time for one row, a tenth for many. What listens to sessions does not see these rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.driver.cursors import cursor as opened

_CONNECTION = "connection of inserts"
#: From so many rows on PostgreSQL is given them by COPY.
_MANY = 8


class Insert:
    """An INSERT of whole rows into one table. What a row leaves out is its default, or null."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._forms: dict[str, _Form] = {}

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows now. Errors are those of SQLAlchemy."""
        if not rows:
            return
        connection = _connection_of(session)
        form = self._forms.get(connection.dialect.name)
        if form is None:
            form = self._forms[connection.dialect.name] = _Form(self._table, connection.dialect)
        form.run(connection, rows)


def _connection_of(session: Session) -> sa.Connection:
    """Return the connection of a unit of work; the session itself finds it as slowly each time."""
    known: sa.Connection | None = session.info.get(_CONNECTION)
    if known is None or known.closed or not known.in_transaction():
        known = session.info[_CONNECTION] = session.connection()
    return known


class _Form:
    """An INSERT as one kind of database takes it."""

    def __init__(self, table: Any, dialect: sa.Dialect) -> None:
        quoted = dialect.identifier_preparer
        # What only the database knows a value for is its own.
        own = [c for c in table.columns if c.default is not None or c.server_default is None]
        self._names = [column.name for column in own]
        self._defaults = [_default(column) for column in own]
        bound = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in own]
        self._bound = [(place, one) for place, one in enumerate(bound) if one is not None]
        names = ", ".join(quoted.quote(column.name) for column in own)
        mark = "?" if dialect.paramstyle == "qmark" else "%s"
        self._target = f"{quoted.format_table(table)} ({names})"
        marks = ", ".join([mark] * len(own))
        self._text = f"INSERT INTO {self._target} VALUES ({marks})"  # noqa: S608 - names of ours
        self._copies = dialect.name == "postgresql"

    def run(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        values = [self._values(row) for row in rows]
        with opened(connection, self._text) as cursor:
            self._insert(cursor, values)

    def _insert(self, cursor: Any, values: list[list[Any]]) -> None:
        if len(values) == 1:
            cursor.execute(self._text, values[0])
        elif self._copies and len(values) >= _MANY:
            with cursor.copy(f"COPY {self._target} FROM STDIN") as copy:
                for row in values:
                    copy.write_row(row)
        else:
            cursor.executemany(self._text, values)

    def _values(self, row: Mapping[str, Any]) -> list[Any]:
        values = list(map(row.get, self._names, self._defaults))
        for place, bound in self._bound:
            if values[place] is not None:
                values[place] = bound(values[place])
        return values


def _default(column: Any) -> Any:
    """Return what stands in a column if nothing is given."""
    if column.default is None:
        return None
    if not column.default.is_scalar:
        raise TypeError(f"{column} has a default that is not a plain value")
    return column.default.arg
