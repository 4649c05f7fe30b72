"""What has ended is forgotten in time; what has not, and the jobs, stay."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.db import reading, transaction
from app.domain import execution_state as state
from app.domain.clock import now
from app.models import ChainRun, Execution, ExecutionLog, Job, Tally
from app.services import chain_runs, retention, system
from app.settings import Settings
from tests.support.chains import start_chain
from tests.support.rows import make_execution, make_job

NINETY = Settings()


def left():
    with reading() as session:
        return set(session.scalars(sa.select(Execution.id)))


@pytest.mark.usefixtures("database")
class TestRetention:
    def test_only_what_ended_before_the_limit_goes(self):
        with transaction() as session:
            job = make_job(session)
            make_execution(session, job, days=91)
            young = make_execution(session, job, days=89)
            waiting = make_execution(session, job, "scheduled", days=400)
        assert retention.purge_in_batches(NINETY) == 1
        assert left() == {young, waiting}

    def test_the_days_are_those_in_force_now(self):
        with transaction() as session:
            make_execution(session, make_job(session), days=5)
            system.update_config(session, NINETY, "log_retention_days", "3")
        assert retention.purge_in_batches(NINETY) == 1

    def test_a_jobs_own_days_replace_the_installations(self):
        with transaction() as session:
            short, long = make_job(session, retention_days=1), make_job(session, retention_days=999)
            make_execution(session, short, days=2)
            kept = make_execution(session, long, days=200)
        assert retention.purge_in_batches(NINETY) == 1
        assert left() == {kept}

    def test_the_last_ones_are_kept_however_old(self):
        with transaction() as session:
            job = make_job(session, keep_last=2)
            rows = [make_execution(session, job, days=300 - n) for n in range(5)]
        assert retention.purge_in_batches(NINETY) == 3
        assert left() == set(rows[3:])

    def test_days_and_number_of_one_job_hold_both(self):
        with transaction() as session:
            job = make_job(session, keep_last=2, retention_days=10)
            make_execution(session, job, days=11)
            make_execution(session, job, days=3)
            kept = [make_execution(session, job, days=n) for n in (2, 1)]
        retention.purge_in_batches(NINETY)
        assert left() == set(kept)

    def test_logs_go_with_their_execution_and_the_job_stays(self):
        with transaction() as session:
            job = make_job(session)
            row_id = make_execution(session, job, days=91)
            session.flush()
            session.add(
                ExecutionLog(
                    execution_id=row_id, first_number=1, last_number=1, logged_at=now(), body="[]"
                )
            )
        retention.purge_in_batches(NINETY)
        with reading() as session:
            assert session.scalar(sa.select(sa.func.count()).select_from(ExecutionLog)) == 0
            assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1

    def test_many_batches_take_all_and_the_counters_follow(self, monkeypatch):
        monkeypatch.setattr(retention, "_BATCH", 3)
        with transaction() as session:
            job = make_job(session)
            for n in range(20):
                make_execution(session, job, "failed" if n % 2 else "completed", days=91)
        assert retention.purge_in_batches(NINETY) == 20
        with reading() as session:
            rest = sa.select(sa.func.sum(Tally.value)).where(Tally.family == "executions")
            assert session.scalar(rest) == 0

    def test_a_run_that_dies_leaves_its_batches_done(self, monkeypatch):
        monkeypatch.setattr(retention, "_BATCH", 4)
        with transaction() as session:
            job = make_job(session)
            for _ in range(10):
                make_execution(session, job, days=91)
        batches = retention._older_than(now() - timedelta(days=90))
        retention._Broom().sweep(next(batches))
        assert len(left()) == 6
        assert retention.purge_in_batches(NINETY) == 6


STATUS = st.sampled_from(sorted(state.STATUSES))
LEDGER = st.lists(st.tuples(STATUS, st.integers(0, 200)), max_size=12)
RULE = st.none() | st.integers(0, 120)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ledger=LEDGER, days=RULE.filter(lambda d: d != 0), keep_last=RULE)
@example(ledger=[("cancelled", 0), ("cancelled", 1)], days=1, keep_last=1)
def test_nothing_unended_goes_and_each_rule_is_kept(database, ledger, days, keep_last):
    with transaction() as session:
        session.execute(sa.delete(Job))
        job = make_job(session, retention_days=days, keep_last=keep_last)
        rows = [
            (make_execution(session, job, status, age + 0.5, exclusive_key=None), status, age + 0.5)
            for status, age in ledger
        ]
    retention.purge_in_batches(NINETY)
    ended = [row for row in rows if row[1] in state.FINAL]
    expected = {row_id for row_id, status, _ in rows if status not in state.FINAL}
    newest = ended if keep_last is None else ended[max(0, len(ended) - keep_last) :]
    limit = days if days is not None else 90 if keep_last is None else 10**6
    expected |= {row_id for row_id, _, age in newest if age < limit}
    assert Counter(left()) == Counter(expected)


@pytest.mark.usefixtures("real_broker")
def test_chain_runs_that_ended_long_ago_go_and_those_under_way_stay(monkeypatch):
    monkeypatch.setattr(retention, "_BATCH", 2)
    runs = [start_chain({}, {})[1] for _ in range(6)]
    with transaction() as session:
        session.execute(sa.update(ChainRun).values(started_at=now() - timedelta(days=100)))
        for number, run_id in enumerate(runs[:5]):
            chain_runs.cancel(session, run_id)
            session.flush()
            ended_at = now() - timedelta(days=91 if number < 4 else 89)
            change = sa.update(ChainRun).where(ChainRun.id == run_id).values(completed_at=ended_at)
            session.execute(change)
    retention.purge_in_batches(Settings())
    with transaction() as session:
        assert set(session.scalars(sa.select(ChainRun.id))) == set(runs[4:])
