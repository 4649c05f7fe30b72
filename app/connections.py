"""How this product connects to its databases: engines, and what each of them needs for it.

SQLite and PostgreSQL are to be equals to all that is built on them; where they differ in waiting
for a lock, or in a server that may have gone, it is seen to here.
"""

import random
import sqlite3
import threading
import time
from typing import Any

import sqlalchemy as sa

#: How long a writer waits for SQLite's one write lock.
BUSY_SECONDS = 10
#: A connection that was in use so recently is not asked whether it is still there.
TRUSTED_SECONDS = 1.0
#: PostgreSQL prepares what a connection writes so many times; psycopg's own choice.
PREPARED_AFTER = 5

_TURN, _USED = "turn", "used"


def open_engine(url: str, pool_size: int = 5) -> sa.Engine:
    """Open an engine with the settings that both databases need to be equals."""
    if url.startswith("sqlite"):
        made = sa.create_engine(
            url,
            pool_size=pool_size,
            pool_use_lifo=True,  # the one used last has what is asked for in its cache
            hide_parameters=True,
            connect_args={"timeout": BUSY_SECONDS},
        )
        sa.event.listen(made, "connect", _prepare_sqlite)
        turn = _Turn()
        sa.event.listen(made, "begin", lambda connection: _begin_sqlite(connection, turn))
        sa.event.listen(made, "checkin", turn.give)
        return made
    made = sa.create_engine(
        url,
        pool_size=pool_size,
        pool_use_lifo=True,  # the one used last has the statements of jobs prepared
        hide_parameters=True,  # errors are logged with their statement: never what it was given
        pool_recycle=1800,
        pool_timeout=5,
        connect_args={
            "connect_timeout": 5,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 8000,
            "application_name": "oneoff",
            "client_encoding": "utf8",  # a database made without a locale would send bytes
            # A frozen process must not hold row locks for longer than its lease would last.
            "options": "-c statement_timeout=60000 -c idle_in_transaction_session_timeout=8000"
            " -c timezone=UTC",
        },
    )
    _ask_what_rested(made)
    sa.event.listen(made, "begin", _begin_postgresql)
    return made


def _begin_postgresql(connection: sa.Connection) -> None:
    """Have what is written prepared after some times, and each list planned for its own values.

    A plan that serves all values would read a million rows for the page of a rare one.
    """
    raw: Any = connection.connection.driver_connection
    is_read = connection.get_execution_options().get("reading", False)
    raw.prepare_threshold = None if is_read else PREPARED_AFTER


def _ask_what_rested(made: sa.Engine) -> None:
    """Ask a connection whether it is still there before it is used, unless it just was.

    To ask each time costs a job or a request one more way to the server and back.
    """

    def note(_raw: object, record: Any) -> None:
        record.info[_USED] = time.monotonic()

    def ask(raw: Any, record: Any, _proxy: object) -> None:
        if time.monotonic() - record.info[_USED] < TRUSTED_SECONDS:
            return
        try:
            made.dialect.do_ping(raw)
        except made.dialect.loaded_dbapi.Error as error:
            raise sa.exc.InvalidatePoolError from error

    sa.event.listen(made, "connect", note)
    sa.event.listen(made, "checkin", note)
    sa.event.listen(made, "checkout", ask)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        # Beat moves the log into the file long before it has so many pages: see gateways/wal.py.
        "wal_autocheckpoint=40000",
        f"busy_timeout={BUSY_SECONDS * 1000}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        # Each thread has a connection, and another process that writes empties its cache anyway.
        "cache_size=-4000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


class _Turn:
    """Whose turn it is to write on SQLite, among the threads of this process.

    Each is woken when it is its turn: all of them asking for the file's lock would only take time
    from the one that has it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def take(self, connection: sa.Connection) -> None:
        """Wait for the turn, but no longer than for the lock itself."""
        info = connection.connection.record_info
        if info is not None and not info.get(_TURN):
            info[_TURN] = self._lock.acquire(timeout=BUSY_SECONDS)

    def give(self, _raw: object, record: Any) -> None:
        """Let the next one have it: the connection is back in the pool, whatever came of it."""
        if record.record_info.pop(_TURN, False):
            self._lock.release()


def _begin_sqlite(connection: sa.Connection, turn: _Turn) -> None:
    # Straight to the driver: through SQLAlchemy these cost more than what they begin.
    raw: Any = connection.connection.driver_connection
    if connection.get_execution_options().get("reading", False):
        raw.execute("BEGIN")
        return
    deadline = time.monotonic() + BUSY_SECONDS
    turn.take(connection)
    # SQLite's own waiting sleeps ever longer and lets the free lock lie: we ask more often.
    raw.execute("PRAGMA busy_timeout=0")
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            break
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # fails again, as callers know it
                break
            time.sleep(random.uniform(0.0001, 0.0006))  # noqa: S311 - jitter
    raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
