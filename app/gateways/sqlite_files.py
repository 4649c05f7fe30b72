"""SQLite databases as files: copied while they are in use, checked, taken over."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from app.gateways.backup_file import Progress

_PAGES = 2000
_BUSY_SECONDS = 10
_MAGIC = b"SQLite format 3\0"


class Damaged(Exception):
    """A file is no sound SQLite database."""


class InUse(Exception):
    """Another process has the database open."""


def copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy a database as it is at this moment; others may write to it meanwhile."""
    address = f"{source.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as database,
        closing(sqlite3.connect(target)) as out,
    ):
        database.isolation_level = None
        # One transaction around it all: else each write of others would begin the copy anew.
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()
        database.backup(
            out,
            pages=_PAGES,
            progress=lambda _, left, total: progress("copying", total - left, total),
        )


def check(path: Path) -> None:
    """Make a database one whole file, on the disk. Raises :class:`Damaged`."""
    try:
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode=DELETE").fetchone()
            (verdict,) = database.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        raise Damaged(f"the database is damaged: {error}") from error
    if verdict != "ok":
        raise Damaged(f"the database is damaged: {verdict}")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def take_over(path: Path) -> None:
    """Bring all that belongs to a database into its one file. Raises :class:`InUse`.

    This succeeds only if nobody else has it open. A damaged file is left as it is.
    """
    if not _looks_sound(path):
        return
    try:
        with closing(sqlite3.connect(path, timeout=0)) as database:
            database.execute("PRAGMA journal_mode=DELETE").fetchone()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise InUse(f"another process has {path} open; stop it first") from error
        raise
    except sqlite3.DatabaseError:
        return


def count_jobs(path: Path) -> int | None:
    """Return how many jobs a database holds; ``None`` if that can't be said."""
    if not _looks_sound(path):
        return None
    try:
        with closing(sqlite3.connect(path)) as database:
            tables = database.execute("SELECT name FROM sqlite_master").fetchall()
            if ("jobs",) not in tables:
                return None if tables else 0
            (number,) = database.execute("SELECT count(*) FROM jobs").fetchone()
            return int(number)
    except sqlite3.DatabaseError:
        return None


def _looks_sound(path: Path) -> bool:
    """Return whether a file begins as it should; SQLite itself might tidy up around another."""
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) in {_MAGIC, b""}


def companions(path: Path) -> list[Path]:
    """Return the files that SQLite keeps beside a database, as far as they are there."""
    named = (path.with_name(path.name + ending) for ending in ("-wal", "-shm", "-journal"))
    return [file for file in named if file.exists()]
