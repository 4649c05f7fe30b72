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

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
#: A file of a log up to this size is left alone.
LOG_BYTES = 4 * 1024 * 1024
#: With so many pages more than at the last move somebody is busy writing.
MANY_PAGES = 1000
#: If nobody is, the next move is so many looks away at most, and the file is cut then.
LONGEST_REST = 16
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
        self._size = self._pages = 0
        self._rest = self._looks_left = 1
        self._connection = sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)

    def look(self) -> None:
        """Move what is in the log if it is much; have a long log begin anew.

        Its file keeps its size meanwhile, for to cut it makes the next commit wait for the disk.
        """
        size = size_of(self._path)
        self._looks_left -= 1
        if size <= LOG_BYTES or (size == self._size and self._looks_left > 0):
            return
        self._size = size
        pages = self._move("PASSIVE")
        grown = pages - self._pages if pages >= self._pages else pages
        self._pages = pages
        if grown < MANY_PAGES and self._rest >= LONGEST_REST:
            self._move("TRUNCATE")
        elif pages >= MOST_PAGES:
            self._move("RESTART")
        self._rest = 1 if grown >= MANY_PAGES else min(2 * self._rest, LONGEST_REST)
        self._looks_left = self._rest

    def _move(self, how: str) -> int:
        """Move the log in one of SQLite's ways; return how many pages were in it."""
        row = self._connection.execute(f"PRAGMA wal_checkpoint({how})").fetchone()
        return int(row[1])

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


def size_of(path: str) -> int:
    """Return how many bytes the file of a log has, used or not."""
    try:
        return os.stat(f"{path}-wal").st_size  # noqa: PTH116 - quicker, and asked often
    except OSError:
        return 0
