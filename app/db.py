"""The database: engines, the unit of work, and the database's own clock.

Entry points open a unit of work with :func:`transaction`; nothing else commits.
"""

import contextlib
import functools
import logging
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.connections import open_engine

log = logging.getLogger(__name__)

_url = ""
_pool_size = 5
_engines: dict[int, sa.Engine] = {}
_AFTER = "after_commit"
_openers: list[Callable[[Session], None]] = []


def configure(url: str, pool_size: int = 5) -> None:
    """Name the database of this process; engines are opened after the fork, on first use."""
    global _url, _pool_size
    _url, _pool_size = url, pool_size


def engine() -> sa.Engine:
    """Return this process's engine.

    An engine inherited by a fork is kept, unused: closing it would touch its owner's sockets.
    """
    pid = os.getpid()
    if pid not in _engines:
        _engines[pid] = open_engine(_url, _pool_size)
    return _engines[pid]


def forget_engines() -> None:
    """Close this process's engine, so that the next use opens the database named last."""
    opened = _engines.pop(os.getpid(), None)
    if opened is not None:
        opened.dispose()


def is_sqlite() -> bool:
    """Return whether the configured database is SQLite."""
    return _url.startswith("sqlite")


def a_pass(rows: int) -> int:
    """Return how many rows one unit of work of a long series changes, on PostgreSQL ``rows``.

    On SQLite a tenth: whoever claims or ends a job waits while it lasts.
    """
    return max(1, rows // 10) if is_sqlite() else rows


@contextlib.contextmanager
def transaction() -> Iterator[Session]:
    """Open a unit of work: commit at its end, then run what :func:`after_commit` collected."""
    session = Session(engine(), expire_on_commit=False)
    _opened(session)
    try:
        with session.begin():
            yield session
    finally:
        session.close()
    run_after_commit(session)


@contextlib.contextmanager
def reading() -> Iterator[Session]:
    """Open a unit of work that only reads: all its queries see the database at one moment.

    Several queries make one answer; a row that moved between two of them would be in neither.
    On SQLite it takes no write lock.
    """
    options = {} if is_sqlite() else {"isolation_level": "REPEATABLE READ"}
    bind = engine().execution_options(reading=True, **options)
    with Session(bind, expire_on_commit=False) as session:
        _opened(session)
        yield session
        _end_reading(session)


def _end_reading(session: Session) -> None:
    """Have a connection to PostgreSQL keep what it has prepared.

    At a ROLLBACK, which is how SQLAlchemy leaves what was only read, psycopg forgets all of it,
    and the server has to plan the statements of every job anew.
    """
    if is_sqlite() or not session.in_transaction():
        return
    raw: Any = session.connection().connection
    with contextlib.suppress(raw.dbapi_connection.Error):  # it is gone: closing says so
        raw.driver_connection.commit()


def on_open(opener: Callable[[Session], None]) -> None:
    """Have ``opener`` see each unit of work of this process before its first query."""
    _openers.append(opener)


def _opened(session: Session) -> None:
    for opener in _openers:
        opener(session)


def after_commit(session: Session, action: Callable[[], object]) -> None:
    """Have ``action`` run once the unit of work is committed; it is forgotten on rollback."""
    session.info.setdefault(_AFTER, []).append(action)


class Postponed(Exception):
    """An action after a commit was knowingly left to the chore that repairs from the row."""


def run_after_commit(session: Session) -> None:
    """Run the collected actions. A failed one is logged: a chore repairs it from the row."""
    for action in session.info.pop(_AFTER, []):
        try:
            action()
        except Postponed as reason:  # said once already, when it began
            log.debug("an action after commit is postponed: %s", reason)
        except Exception as error:
            text = "an action after commit failed (%s: %s); it will be repaired from the row"
            log.warning(text, type(error).__name__, error)
            log.debug("the failed action", exc_info=True)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """Aware moments in UTC to the millisecond; sortable text on SQLite."""

    impl = sa.String(23)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """Use the database's own type where it has one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True, precision=3))
        return dialect.type_descriptor(sa.String(23))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Refuse naive moments: they would be read in another zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without time zone")
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        if dialect.name == "postgresql":
            return moment
        return _sortable(moment)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        """Return aware moments in UTC."""
        if value is None or isinstance(value, datetime):
            return None if value is None else value.astimezone(UTC)
        return datetime.fromisoformat(value).replace(tzinfo=UTC)


@functools.lru_cache(maxsize=1024)
def _sortable(moment: datetime) -> str:
    """Return a moment in UTC as SQLite keeps it: rows that are written together share theirs."""
    return moment.isoformat(sep=" ", timespec="milliseconds")[:23]


class db_now(FunctionElement[datetime]):  # noqa: N801 - reads as an SQL function
    """The database's clock, ``offset`` seconds from now. Leases and "is it due" use it."""

    type = UtcDateTime()
    inherit_cache = True
    name = "db_now"

    def __init__(self, offset: float | sa.ColumnElement[float] = 0.0) -> None:
        super().__init__(sa.cast(offset, sa.Float) if isinstance(offset, int | float) else offset)


@compiles(db_now, "sqlite")
def _now_on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    offset = compiler.process(element.clauses, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f', 'now', ({offset}) || ' seconds')"


@compiles(db_now, "postgresql")
def _now_on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    offset = compiler.process(element.clauses, **kw)
    moment = f"statement_timestamp() + ({offset}) * interval '1 second'"
    return f"date_trunc('milliseconds', {moment})"
