"""SQLite's write-ahead log: what was committed is moved from it into the file, beside the writers.

SQLite does so itself in the commit that makes the log long. With several processes that write all
the time the log never begins anew, so that from then on each of their commits moves what is
new and waits for the disk: longer than for all else it does.

The files of the database are never opened here, only by SQLite: to close one of them would give
up all locks that this process has on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
"""

import contextlib
import logging
import os
import sqlite3
import threading
import time

import sqlalchemy as sa

from app.db import LOG_BYTES

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
#: With so many pages the log is to begin anew, for which those who write wait a moment.
MOST_PAGES = 16_000
#: They wait for no longer, though somebody still reads from the log.
_PATIENCE_SECONDS = 0.02


def start(database: str) -> None:
    """Keep the log of a database short from now on, in a thread; PostgreSQL needs no such thing."""
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        threading.Thread(target=_keep_short, args=(url.database,), daemon=True).start()


def _keep_short(path: str) -> None:
    while True:
        try:
            with contextlib.closing(Mover(path)) as mover:
                while True:
                    time.sleep(LOOK_SECONDS)
                    mover.look()
        except sqlite3.Error as error:
            log.debug("the log of the database was not moved: %s", error)
            time.sleep(LOOK_SECONDS)


class Mover:
    """Moves the log of one database when that is worth it. Belongs to one thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen = 0
        self._connection = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)
        self._connection.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")

    def look(self) -> None:
        """Move what is in the log if it is much; have a long log begin anew."""
        size = size_of(self._path)
        if size <= LOG_BYTES or size == self._seen:
            return
        _, pages, moved = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if pages >= MOST_PAGES:
            self._connection.execute("PRAGMA wal_checkpoint(RESTART)")
        self._seen = size if pages == moved else 0

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


def size_of(path: str) -> int:
    """Return how many bytes the log of a database has."""
    try:
        return os.stat(f"{path}-wal").st_size  # noqa: PTH116 - quicker, and asked often
    except OSError:
        return 0
