"""A prepared statement gives and takes what SQLAlchemy would, on both databases."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app.db import db_now, reading, transaction
from app.domain.clock import now
from app.models import Execution, Job, Tally
from app.services.driver.prepared import Prepared
from app.services.executions import Owner, claims
from tests.support.rows import make_execution, make_job

_jobs: Any = Job.__table__
_executions: Any = Execution.__table__
_tallies: Any = Tally.__table__


def test_its_rows_are_those_of_sqlalchemy(database):
    with transaction() as session:
        make_execution(session, make_job(session), "completed")
    for table in (_jobs, _executions):
        every = sa.select(*table.c)
        with reading() as session:
            (ours,) = Prepared(every).rows(session, {})
            (theirs,) = session.execute(every).all()
        assert ours._fields == tuple(theirs._fields)
        assert tuple(ours) == tuple(theirs)
        assert [type(one) for one in ours] == [type(one) for one in theirs]


def test_it_writes_moments_truths_and_the_clock_of_the_database(database):
    with transaction() as session:
        job_id = make_job(session).id
    moment = now()
    change = Prepared(
        sa.update(_jobs)
        .where(_jobs.c.id == sa.bindparam("of_id"))
        .values(enabled=sa.bindparam("on"), scheduled_at=sa.bindparam("then"), updated_at=db_now())
        .returning(_jobs.c.enabled, _jobs.c.scheduled_at, _jobs.c.updated_at)
    )
    with transaction() as session:
        (row,) = change.rows(session, {"of_id": job_id, "on": False, "then": moment})
    assert (row.enabled, row.scheduled_at) == (False, moment)
    assert abs((row.updated_at - moment).total_seconds()) < 60
    with reading() as session:
        job = session.get_one(Job, job_id)
    assert (job.enabled, job.scheduled_at, job.updated_at) == tuple(row)


def test_it_says_how_many_rows_it_found_for_all_it_was_given(database):
    with transaction() as session:
        ids = [make_job(session, name=f"job {number}").id for number in range(3)]
    rename = Prepared(
        sa.update(_jobs).where(_jobs.c.id == sa.bindparam("of_id")).values(name="other")
    )
    with transaction() as session:
        assert rename.write(session, [{"of_id": ids[0]}]) == 1
        assert rename.write(session, [{"of_id": "none"}]) == 0
        assert rename.write(session, [{"of_id": one} for one in (*ids[1:], "none")]) == 2


def test_it_fails_as_sqlalchemy_does_and_tells_no_values(database):
    given: Any = {name: sa.bindparam(name) for name in ("family", "key", "stripe", "value")}
    insert = Prepared(sa.insert(_tallies).values(given))
    row = {"family": "f", "key": "hunter22", "stripe": "s", "value": 1}
    with transaction() as session:
        insert.write(session, [row])
    with pytest.raises(IntegrityError) as caught, transaction() as session:
        insert.write(session, [row])
    assert "hunter22" not in str(caught.value).partition("DETAIL")[0]
    with reading() as session:
        assert session.scalar(sa.select(_tallies.c.value)) in {1, Decimal(1)}


def test_what_it_wrote_goes_with_the_unit_of_work(database):
    with transaction() as session:
        job_id = make_job(session, name="before").id
    rename = Prepared(sa.update(_jobs).values(name=sa.bindparam("to")))
    with transaction() as session:
        rename.write(session, [{"to": "after"}])
        session.rollback()
    with reading() as session:
        assert session.get_one(Job, job_id).name == "before"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_row_that_waits_longest_is_found_without_sorting_those_that_wait(database):
    plans = []

    def explain(connection, _cursor, statement, parameters, *_):
        if statement.startswith("WITH chosen"):
            raw = connection.connection.driver_connection
            plans.extend(raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    with transaction() as session:
        sa.event.listen(session.get_bind(), "before_cursor_execute", explain)
        owner = {"owner": "me", "owner_slot": "1.0", "lease": 15}
        session.execute(claims._OLDEST, {**owner, "queues": ["default", "other"]})
    text = str(plans)
    assert "ix_executions_oldest" in text
    assert "TEMP B-TREE" not in text


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_claims_are_planned_once_however_many_rows_there_are(database):
    with transaction() as session:
        for _ in range(1000):
            make_execution(session, make_job(session, version=1), "queued")
        session.execute(sa.text("ANALYZE"))
    with transaction() as session:
        for _ in range(20):
            (one,) = claims.claim(session, Owner("w", "1.0"), ["default"], 1, 15, oldest=False)
            assert one.epoch == 1
        plans = (
            "SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE 'WITH chosen%'"
        )
        assert session.scalar(sa.text(plans)) >= 8  # the first of them are never shared
