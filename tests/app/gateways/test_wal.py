"""The log of SQLite is moved beside those who write and begins anew; nobody is harmed by it."""

import contextlib
import sqlite3
import subprocess
import sys
import time

import pytest

from app.gateways import wal
from app.gateways.wal import LOG_BYTES

_PAGE = 4096
#: Writes so many pages in transactions of their own, as one of two; says how many it wrote.
_WRITER = """
import sqlite3, sys, time
path, rows = sys.argv[1], int(sys.argv[2])
connection = sqlite3.connect(path, timeout=30, isolation_level=None)
connection.execute("PRAGMA synchronous=NORMAL")
connection.execute("PRAGMA wal_autocheckpoint=0")
for number in range(rows):
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t (x, y) VALUES (randomblob(500), ?)", (number,))
    connection.execute("UPDATE t SET y = y + 1 WHERE id % 17 = ? % 17", (number,))
    connection.execute("COMMIT")
print(rows)
"""


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "some.db")


@pytest.fixture
def writer(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB, y INTEGER)")
        connection.execute("CREATE INDEX i ON t (y, x)")
        yield connection


@pytest.fixture
def mover(path, writer):
    with contextlib.closing(wal.Mover(path)) as made:
        yield made


def _fill(writer, size):
    writer.execute("BEGIN")
    for _ in range(size // _PAGE):
        writer.execute("INSERT INTO t (x) VALUES (zeroblob(4000))")
    writer.execute("COMMIT")


def _rows_alone(path):
    """Return how many rows a copy of the file without its log has."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as alone:
        try:
            return alone.execute("SELECT count(*) FROM t").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def _is_moved(path):
    return _rows_alone(path) > 0


def test_a_database_without_a_log_has_none(tmp_path):
    assert wal.size_of(str(tmp_path / "none.db")) == 0


def test_a_short_log_is_left_alone(path, writer, mover):
    _fill(writer, LOG_BYTES // 4)
    mover.look()
    assert not _is_moved(path)


def test_a_log_that_is_worth_it_is_moved(path, writer, mover):
    _fill(writer, 2 * LOG_BYTES)
    mover.look()
    assert _is_moved(path)


def test_a_long_log_begins_anew_in_the_same_file(path, writer, mover, monkeypatch):
    monkeypatch.setattr(wal, "MOST_PAGES", 2 * LOG_BYTES // _PAGE)
    _fill(writer, 3 * LOG_BYTES)
    size = wal.size_of(path)
    mover.look()
    _fill(writer, 2 * LOG_BYTES)
    assert wal.size_of(path) == size


def test_what_is_written_into_a_file_that_is_long_enough_is_moved(path, writer, mover, monkeypatch):
    monkeypatch.setattr(wal, "MOST_PAGES", LOG_BYTES // _PAGE)
    _fill(writer, 3 * LOG_BYTES)
    mover.look()
    _fill(writer, 2 * LOG_BYTES)
    rows = writer.execute("SELECT count(*) FROM t").fetchone()[0]
    mover.look()
    assert _rows_alone(path) == rows


def test_the_file_is_cut_once_hardly_anything_is_written(path, writer, mover):
    _fill(writer, 3 * LOG_BYTES)
    for _ in range(4 * wal.LONGEST_REST):
        writer.execute("INSERT INTO t (x) VALUES ('now and then')")
        mover.look()
    assert wal.size_of(path) <= LOG_BYTES


def test_the_file_is_not_cut_while_much_is_written(path, writer, mover):
    for _ in range(4 * wal.LONGEST_REST):
        _fill(writer, wal.MANY_PAGES * _PAGE)
        mover.look()
    assert wal.size_of(path) > LOG_BYTES


def test_the_thread_keeps_it_short(path, writer):
    _fill(writer, 2 * LOG_BYTES)
    wal.start(f"sqlite:///{path}")
    deadline = time.monotonic() + 10
    while not _is_moved(path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _is_moved(path)


def test_those_who_write_meanwhile_keep_their_locks_and_their_rows(
    path, writer, mover, monkeypatch
):
    """This process writes, too: a lock of its that got lost would let two write at a time."""
    monkeypatch.setattr(wal, "MOST_PAGES", 300)
    monkeypatch.setattr(wal, "LOG_BYTES", 100 * _PAGE)
    command = [sys.executable, "-c", _WRITER, path, "1500"]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    mine = 0
    writer.execute("PRAGMA busy_timeout=30000")
    while any(one.poll() is None for one in others):
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO t (x, y) VALUES (randomblob(500), 1)")
        mover.look()
        writer.execute("UPDATE t SET y = y + 1 WHERE id % 19 = ? % 19", (mine,))
        writer.execute("COMMIT")
        mover.look()
        mine += 1
    assert [one.communicate()[0].strip() for one in others] == ["1500", "1500"]
    assert writer.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert writer.execute("SELECT count(*) FROM t").fetchone() == (3000 + mine,)
