"""A list is one parameter, whatever is in it and however long it is, on both databases."""

from typing import Any

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.models import Job
from app.services.driver.lists import is_one_of
from app.services.driver.prepared import Prepared
from app.services.executions import births
from tests.support.rows import make_execution, make_job

_jobs: Any = Job.__table__
_NAMES = Prepared(sa.select(_jobs.c.name).where(is_one_of(_jobs.c.name, "names")))
#: What would end a text, a list or a statement if it were written into one.
_ODD = ["it's", 'a "b"', "{a,b}", "[1]", "\\", "đ €", "'); DROP TABLE jobs; --", "", "NULL"]


@pytest.fixture
def names(database):
    with transaction() as session:
        for name in [*_ODD, "another"]:
            make_job(session, name=name)


def _found(wanted):
    with reading() as session:
        return sorted(row.name for row in _NAMES.rows(session, {"names": wanted}))


@pytest.mark.usefixtures("names")
def test_texts_are_found_as_they_are():
    assert _found(_ODD) == sorted(_ODD)
    assert [_found([one]) for one in _ODD] == [[one] for one in _ODD]


@pytest.mark.usefixtures("names")
def test_an_empty_list_finds_nothing_and_a_long_one_what_is_there():
    assert _found([]) == []
    assert _found(["another", *map(str, range(40_000))]) == ["another"]


@pytest.mark.usefixtures("names")
def test_the_mapper_takes_it_too():
    query = sa.select(Job.name).where(is_one_of(_jobs.c.name, "names"))
    with reading() as session:
        assert session.scalars(query, {"names": ["{a,b}", "none"]}).all() == ["{a,b}"]


def test_planned_rows_are_queued_by_their_keys_without_a_walk_through_the_others(database):
    with transaction() as session:
        job = make_job(session)
        ids = [make_execution(session, job, "scheduled") for _ in range(300)]
        session.flush()
        if database == "postgresql":
            session.execute(sa.text("ANALYZE executions"))
        connection = session.connection()
        text = births._QUEUE._text(connection.dialect)
        values = text.parameters({"ids": ids[:3], "pairs": [f"{one} 1" for one in ids[:3]]})
        how = "EXPLAIN QUERY PLAN" if database == "sqlite" else "EXPLAIN"
        raw: Any = connection.connection.driver_connection
        plan = "\n".join(str(row) for row in raw.execute(f"{how} {text.sql}", values).fetchall())
    key = "SEARCH executions USING INDEX sqlite_autoindex_executions_1 (id=?)"
    assert (key if database == "sqlite" else "using pk_executions on executions") in plan, plan
