"""The log of SQLite is moved beside those who write, and begins anew when it is long."""

import contextlib
import sqlite3
import time

import pytest

from app.gateways import wal


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "some.db")


@pytest.fixture
def writer(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "wal_autocheckpoint=0"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE t (x BLOB)")
        yield connection


def _fill(writer, pages):
    writer.execute("BEGIN")
    for _ in range(pages):
        writer.execute("INSERT INTO t VALUES (zeroblob(4000))")
    writer.execute("COMMIT")


def test_the_length_is_what_sqlite_itself_says(path, writer):
    _fill(writer, 50)
    pages, moved = wal.length(path)
    assert (pages > 50, moved) == (True, 0)
    assert writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone() == (0, pages, pages)
    assert wal.length(path) == (pages, pages)


def test_a_database_without_a_log_has_none(tmp_path):
    assert wal.length(str(tmp_path / "none.db")) == (0, 0)


def test_a_short_log_is_left_alone(path, writer):
    _fill(writer, 50)
    with contextlib.closing(sqlite3.connect(path)) as other:
        wal.shorten(other, path)
    assert wal.length(path)[1] == 0


def test_a_log_that_is_worth_it_is_moved(path, writer):
    _fill(writer, wal.MANY_PAGES + 100)
    pages, _ = wal.length(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        wal.shorten(other, path)
    assert wal.length(path) == (pages, pages)


def test_a_long_log_begins_anew(path, writer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wal, "MOST_PAGES", 200)
    _fill(writer, 300)
    with contextlib.closing(sqlite3.connect(path)) as other:
        wal.shorten(other, path)
    _fill(writer, 10)
    assert wal.length(path)[0] < 50


def test_the_thread_keeps_it_short(path, writer):
    wal.start(f"sqlite:///{path}")
    _fill(writer, wal.MANY_PAGES + 100)
    deadline = time.monotonic() + 10
    while len(set(wal.length(path))) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    pages, moved = wal.length(path)
    assert pages == moved
