"""The units of work on both databases."""

import contextlib
import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from app import connections, db
from app.db import reading, transaction
from app.domain.clock import now
from app.domain.execution_state import RUNNING
from app.models import Execution, Tally
from app.services.execution_lists import ExecutionFilters, page
from app.services.listing import Wanted
from tests.support.rows import make_execution, make_job


def test_a_unit_of_work_that_reads_sees_the_database_at_one_moment(database):
    with reading() as session:
        before = session.scalar(sa.text("SELECT count(*) FROM jobs"))
        with transaction() as other:
            make_job(other)
        assert session.scalar(sa.text("SELECT count(*) FROM jobs")) == before
    with reading() as session:
        assert session.scalar(sa.text("SELECT count(*) FROM jobs")) == before + 1


def test_an_execution_that_starts_while_it_is_listed_is_in_the_list(database):
    with transaction() as session:
        execution_id = make_execution(session, make_job(session), "queued")

    seen: list[str] = []

    def start(_connection, _cursor, statement, *_):
        if "started_at IS NOT NULL" in statement and not seen:
            seen.append(statement)
            with transaction() as other:
                other.execute(sa.update(Execution).values(status=RUNNING, started_at=now()))

    sa.event.listen(db.engine(), "after_cursor_execute", start)
    with reading() as session:
        found = page(session, ExecutionFilters(include_all=True), Wanted())
    assert seen
    assert [row["id"] for row in found.rows] == [execution_id]


def test_what_is_knowingly_left_for_later_is_no_warning(database, caplog):
    def fail(error):
        raise error

    with transaction() as session:
        db.after_commit(session, lambda: fail(db.Postponed("later")))
        db.after_commit(session, lambda: fail(ValueError("broken")))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "broken" in caplog.text


def test_an_error_of_the_database_does_not_tell_what_it_was_given(database):
    statement = sa.text("INSERT INTO system_config (key, value) VALUES (:key, :value)")
    with pytest.raises(IntegrityError) as caught, transaction() as session:
        session.execute(statement, {"key": "k", "value": "hunter22"})
    assert "INSERT INTO system_config" in str(caught.value)
    assert "SQL parameters hidden" in str(caught.value)


class _Broken(Exception):
    pass


def _add_one(*, breaks=False, loses_connection=False):
    with transaction() as session:
        session.execute(sa.text("UPDATE tallies SET value = value + 1 WHERE family = 'tried'"))
        if loses_connection:
            session.connection().invalidate()
        if breaks or loses_connection:
            raise _Broken


def test_of_many_threads_that_write_each_has_its_turn(database):
    with transaction() as session:
        session.add(Tally(family="tried", key="", stripe="base", value=0))

    def write():
        for number in range(30):
            with contextlib.suppress(_Broken):
                _add_one(breaks=number % 3 == 0)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with reading() as session:
        query = sa.select(Tally.value).where(Tally.family == "tried")
        assert session.scalar(query) == 8 * 20


def test_a_turn_ends_with_a_connection_that_is_lost(database, monkeypatch):
    monkeypatch.setattr(connections, "BUSY_SECONDS", 600)
    with pytest.raises(_Broken):
        _add_one(loses_connection=True)
    other = threading.Thread(target=_add_one, daemon=True)
    other.start()
    other.join(30)
    assert not other.is_alive()


@pytest.fixture
def lost(database):
    """Return an engine whose only connection is in the pool and has lost its server."""
    assert database == "postgresql"
    engine = connections.open_engine(db._url, 1)
    with engine.connect() as connection:
        number = connection.scalar(sa.text("SELECT pg_backend_pid()"))
    with db.engine().connect() as other:
        other.execute(sa.text("SELECT pg_terminate_backend(:number)"), {"number": number})
    yield engine
    engine.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_connection_that_rested_is_asked_whether_it_is_there(lost, monkeypatch):
    monkeypatch.setattr(connections, "TRUSTED_SECONDS", 0.0)
    with lost.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_one_that_was_just_used_it_is_seen_by_who_uses_it_and_nobody_else(lost, monkeypatch):
    monkeypatch.setattr(connections, "TRUSTED_SECONDS", 600.0)
    with pytest.raises(DBAPIError), lost.connect() as connection:
        connection.scalar(sa.text("SELECT 1"))
    with lost.connect() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_was_read_leaves_statements_prepared(database):
    known = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%AS often%'")
    for _ in range(3):
        with db.transaction() as session:
            for _ in range(6):
                session.execute(sa.text("SELECT 1 AS often"))
        with db.reading() as session:
            for _ in range(6):
                session.execute(sa.text("SELECT 2 AS often"))
    with db.transaction() as session:
        assert session.scalar(known) == 1  # and what was only read is not among them
