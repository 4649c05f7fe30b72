"""Figures of a job count due moments, on both databases."""

from collections import Counter
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import reading, transaction
from app.domain import execution_state as state
from app.domain.clock import now
from app.models import Execution, Job
from app.services.jobs import figures, views
from app.services.jobs.figures import consecutive_failures, percentile, standing
from app.services.schedules import firing
from tests.support.rows import make_execution, make_job

COUNTS = ("total", "completed", "failed", "cancelled", "skipped", "missed")
pytestmark = pytest.mark.usefixtures("database")


def figures_of(job_id, days=30):
    with reading() as session:
        return figures.of_job(session, session.get_one(Job, job_id), days)


def counts_of(job_id, days=30):
    found = figures_of(job_id, days)
    return {name: found[name] for name in COUNTS if found[name]}


def shown(job_id):
    with reading() as session:
        return views.one(session, session.get_one(Job, job_id))


def rows(*made, **over):
    """Make a job with these executions, given as (status, values), the oldest first."""
    with transaction() as session:
        job = make_job(session, **over)
        ids: list[str] = []
        for index, (status, values) in enumerate(made):
            days = values.pop("days", (len(made) - index) / 100)
            if "again" in values:
                values |= {"parent_execution_id": ids[values.pop("again")], "attempt": 2}
            ids.append(make_execution(session, job, status, days=days, **values))
        return job.id


def test_a_job_without_executions_has_no_figures():
    job_id = rows()
    found = figures_of(job_id)
    assert {found.pop(name) for name in (*COUNTS, "consecutive_failures")} == {0}
    assert found.pop("since") < now() - timedelta(days=29)
    assert set(found.values()) == {None}
    assert shown(job_id)["success_rate"] is None
    assert shown(job_id)["consecutive_failures"] == 0


def test_moments_are_counted_by_how_they_ended():
    job_id = rows(
        *(("completed", {"duration_ms": took}) for took in (10, 30, 80)),
        ("failed", {}),
        ("timeout", {}),
        ("dead_letter", {}),
        ("cancelled", {}),
        ("skipped", {"reason": "overlap: an execution was in its way"}),
        ("skipped", {"reason": "missed: nobody could fire it in time"}),
        ("running", {}),
        ("queued", {}),
        ("scheduled", {}),
    )
    found = figures_of(job_id)
    assert [found[name] for name in COUNTS] == [9, 3, 3, 1, 2, 1]
    assert found["success_rate"] == 0.5
    assert found["consecutive_failures"] == 3
    assert (found["average_duration_ms"], found["usual_duration_ms"]) == (40, 30)
    assert found["last_success_at"] < found["last_failure_at"] < found["last_execution_at"]
    wire = shown(job_id)
    assert (wire["success_rate"], wire["consecutive_failures"]) == (0.5, 3)


def test_an_attempt_that_was_tried_again_does_not_count():
    job_id = rows(
        ("failed", {}),
        ("failed", {"again": 0}),
        ("completed", {"again": 1}),
        ("failed", {}),
        ("dead_letter", {"again": 3}),
        ("failed", {}),
        ("scheduled", {"again": 5}),
    )
    assert counts_of(job_id) == {"total": 2, "completed": 1, "failed": 1}
    for found in (figures_of(job_id), shown(job_id)):
        assert (found["success_rate"], found["consecutive_failures"]) == (0.5, 1)


def test_the_last_failure_is_no_attempt_that_was_tried_again():
    job_id = rows(("failed", {}), ("completed", {"again": 0}))
    found = figures_of(job_id)
    assert (found["last_failure_at"], found["consecutive_failures"]) == (None, 0)


def test_a_row_of_several_moments_counts_as_many():
    job_id = rows(
        ("skipped", {"moments": 40, "reason": "paused: by a person"}),
        ("skipped", {"moments": 7, "reason": "missed: nobody could fire it in time"}),
        ("completed", {}),
    )
    assert counts_of(job_id) == {"total": 48, "completed": 1, "skipped": 47, "missed": 7}


def test_a_missed_moment_that_is_made_up_for_counts_as_that_ended():
    every_minute = '{"type": "fixed_rate", "interval_seconds": 60}'
    first = now().replace(microsecond=0) - timedelta(seconds=330)
    plan = {"schedule": every_minute, "anchor_at": first, "next_due_at": first}
    with transaction() as session:
        job_id = make_job(session, **plan, misfire="all", misfire_limit=2).id
    with transaction() as session:
        firing.fire_due(session, 0)
    missed = counts_of(job_id)["missed"]
    assert missed > 2
    assert counts_of(job_id) == {"total": missed - 2, "skipped": missed - 2, "missed": missed}
    with transaction() as session:
        made_up = sa.update(Execution).where(Execution.origin == "catchup")
        session.execute(made_up.values(status="completed", started_at=now(), completed_at=now()))
    assert counts_of(job_id) == {
        "total": missed,
        "completed": 2,
        "skipped": missed - 2,
        "missed": missed,
    }


def test_what_ended_before_the_days_is_not_counted_but_told():
    job_id = rows(("completed", {"days": 20}), ("failed", {"days": 5}), ("failed", {"days": 1}))
    assert counts_of(job_id, days=2) == {"total": 1, "failed": 1}
    assert counts_of(job_id, days=10) == {"total": 2, "failed": 2}
    assert counts_of(job_id) == {"total": 3, "completed": 1, "failed": 2}
    found = figures_of(job_id, days=2)
    assert found["consecutive_failures"] == 2
    assert found["last_success_at"] < found["since"]


def test_other_jobs_do_not_matter():
    other, job_id = rows(("failed", {})), rows(("completed", {}))
    assert counts_of(job_id) == {"total": 1, "completed": 1}
    assert counts_of(other) == {"total": 1, "failed": 1}


def test_no_more_than_the_newest_are_counted_and_since_says_so(monkeypatch):
    job_id = rows(*(("completed", {"days": 9 - n}) for n in range(6)))
    monkeypatch.setattr(figures, "MOST_COUNTED", 3)
    found = figures_of(job_id)
    assert found["completed"] == 3
    assert now() - timedelta(days=7) < found["since"] < now() - timedelta(days=5)
    assert figures_of(job_id, days=5)["since"] > now() - timedelta(days=6)


def test_no_more_than_the_newest_are_looked_at_for_failures_in_a_row(monkeypatch):
    job_id = rows(*(("failed", {}) for _ in range(6)))
    assert figures_of(job_id)["consecutive_failures"] == 6
    monkeypatch.setattr(figures, "MOST_IN_A_ROW", 4)
    assert figures_of(job_id)["consecutive_failures"] == 4


def test_what_is_cancelled_or_skipped_neither_counts_nor_breaks():
    job_id = rows(
        ("failed", {}), ("completed", {}), ("failed", {}), ("cancelled", {}), ("skipped", {}),
        ("timeout", {}), ("running", {}),
    )  # fmt: skip
    assert figures_of(job_id)["consecutive_failures"] == 2
    assert shown(job_id)["consecutive_failures"] == 2


def test_the_order_is_that_of_the_ends():
    job_id = rows(("completed", {"completed_at": now()}), ("failed", {}))
    assert figures_of(job_id)["consecutive_failures"] == 0


ENDS = st.lists(st.lists(st.sampled_from(state.STATUSES), min_size=1, max_size=3), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moments=ENDS)
def test_the_figures_are_those_of_each_moments_last_attempt(moments):
    """Each list is a moment's attempts: all but the last failed."""
    made: list[tuple[str, dict[str, int]]] = []
    for attempts in moments:
        for index, status in enumerate(attempts, 1):
            again = {"again": len(made) - 1} if index > 1 else {}
            made.append((status if index == len(attempts) else "failed", again))
    expected = Counter(attempts[-1] for attempts in moments)
    bad = sum(expected[status] for status in state.FAILURES)
    ended = sum(expected[status] for status in state.FINAL)
    job_id = rows(*made)
    found = figures_of(job_id)
    assert (found["total"], found["failed"]) == (ended, bad)
    for name in ("completed", "cancelled", "skipped"):
        assert found[name] == expected[name]
    since = [attempts[-1] for attempts in moments]
    while "completed" in since:
        since = since[since.index("completed") + 1 :]
    in_a_row = sum(status in state.FAILURES for status in since)
    assert found["consecutive_failures"] == in_a_row
    if len(made) <= figures.RECENT:
        assert shown(job_id)["consecutive_failures"] == in_a_row
        assert shown(job_id)["success_rate"] == found["success_rate"]


def test_the_standing_does_not_hang_on_the_order_of_rows():
    made = [
        SimpleNamespace(
            id=str(n), parent_execution_id=None, number=n, status=status, completed_at=now()
        )
        for n, status in enumerate(("completed", "failed", "failed"))
    ]
    assert consecutive_failures(made) == consecutive_failures(made[::-1]) == 2
    assert standing(made) == standing(made[::-1])


@pytest.mark.parametrize("name", ["_by_status", "_newest"])
def test_an_index_finds_the_rows_of_a_job_and_their_retries(database, name):
    job = Job(id="j", last_number=100_000)
    with reading() as session:
        bind = session.get_bind()
        query = figures._newest(job) if name == "_newest" else figures._by_status(job, now())
        text = str(query.compile(bind, compile_kwargs={"literal_binds": True}))
        if database == "postgresql":  # its choice hangs on numbers that a test has not
            session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN " if database == "sqlite" else "EXPLAIN "
        found = session.connection().exec_driver_sql(explain + text.replace("%", "%%"))
        plan = "\n".join(str(row) for row in found)
    assert "uq_executions_number" in plan or database == "postgresql"
    assert "uq_executions_parent" in plan or name == "_newest"
    assert "Seq Scan" not in plan
    assert "SCAN executions" not in plan


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**9)), max_size=200), st.integers(1, 100))
def test_a_percentile_is_the_least_that_enough_stay_within(values, share):
    known = sorted(value for value in values if value is not None)
    found = percentile(values, share)
    if not known:
        assert found is None
        return
    within = [value for value in known if value <= found]
    assert found in known
    assert len(within) * 100 >= len(known) * share
    below = [value for value in known if value < found]
    assert len(below) * 100 < len(known) * share
