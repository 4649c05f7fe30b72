"""SQLite's write-ahead log: what was committed is moved from it into the file, beside the writers.

SQLite does so itself in the commit that makes the log long. With several processes that write all
the time the log never begins anew, so that from then on each of their commits moves what is
new and waits for the disk: longer than for all else it does.
"""

import contextlib
import logging
import sqlite3
import struct
import threading
import time
from pathlib import Path

import sqlalchemy as sa

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
#: Pages in the log that are worth moving.
MANY_PAGES = 1_000
#: With so many the log is to begin anew, for which those who write wait a moment.
MOST_PAGES = 16_000
#: They wait for no longer, though somebody still reads from the log.
_PATIENCE_SECONDS = 0.02
# Where the index of the log says how many pages the log has, and how many are in the file too:
# https://www.sqlite.org/walformat.html#the_wal_index_file_format
_INDEX_BYTES, _LAST_PAGE, _MOVED = 100, 16, 96


def start(database: str) -> None:
    """Keep the log of a database short from now on, in a thread; PostgreSQL needs no such thing."""
    url = sa.make_url(database)
    if url.get_backend_name() == "sqlite" and url.database:
        threading.Thread(target=_keep_short, args=(url.database,), daemon=True).start()


def _keep_short(path: str) -> None:
    while True:
        try:
            with contextlib.closing(_connected(path)) as connection:
                while True:
                    time.sleep(LOOK_SECONDS)
                    shorten(connection, path)
        except (sqlite3.Error, OSError) as error:
            log.debug("the log of the database was not moved: %s", error)
            time.sleep(LOOK_SECONDS)


def _connected(path: str) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_PATIENCE_SECONDS, isolation_level=None)


def shorten(connection: sqlite3.Connection, path: str) -> None:
    """Move what is in the log if it is much; have a long log begin anew. Raises sqlite3.Error."""
    pages, moved = length(path)
    if pages - moved < MANY_PAGES and pages < MOST_PAGES:
        return
    _busy, pages, _moved = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    if pages >= MOST_PAGES:
        connection.execute("PRAGMA wal_checkpoint(RESTART)")


def length(path: str) -> tuple[int, int]:
    """Return how many pages are in the log of a database, and how many of them in its file too."""
    with contextlib.suppress(OSError), Path(f"{path}-shm").open("rb") as index:
        head = index.read(_INDEX_BYTES)
        if len(head) == _INDEX_BYTES:
            (pages,) = struct.unpack_from("=I", head, _LAST_PAGE)
            (moved,) = struct.unpack_from("=I", head, _MOVED)
            return pages, moved
    return 0, 0
