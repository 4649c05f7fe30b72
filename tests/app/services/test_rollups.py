"""Figures by hour and day: right beside a count by hand, and the same whoever counts how often."""

import math
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db import reading, transaction
from app.domain.clock import now
from app.models import Execution, Job, JobRollup, RollupMark, UsageSample
from app.services.usage import forgetting, rollups, samples
from app.services.usage.rollups import roll_up, start_of
from app.services.usage.samples import Sample
from app.settings import Settings
from tests.support.rows import make_execution, make_job

SETTINGS = Settings()


@pytest.fixture(autouse=True)
def _database(database, monkeypatch):
    monkeypatch.setattr(rollups, "_PAUSE_SECONDS", 0)


def due_again():
    """Make it time for the chore to look again, as it would be a minute later."""
    with transaction() as session:
        session.execute(sa.update(RollupMark).values(next_at=None, busy_until=None))


def end(session, job, moment, status="completed", **over):
    return make_execution(session, job, status, completed_at=moment, **over)


def kept(period):
    """Return all figures of a period, by job and beginning."""
    with reading() as session:
        found = session.scalars(sa.select(JobRollup).where(JobRollup.period == period))
        return {(row.job_id, row.period_start): row for row in found}


def hours_ago(hours):
    return start_of(now() - timedelta(hours=hours), "hour")


def by_hand(rows, period):
    """Count as plainly as can be."""
    groups = defaultdict(list)
    for row in rows:
        if row.completed_at is not None and row.started_at is not None:
            groups[row.job_id, start_of(row.completed_at, period)].append(row)
    return {key: _figures(group) for key, group in groups.items()}


def _figures(group):
    took = sorted(row.duration_ms for row in group if row.status == "completed")
    statuses = [row.status for row in group]
    cpu = [row for row in group if row.cpu_seconds is not None]
    shares = [
        row.max_cpu_percent
        if row.max_cpu_percent is not None
        else row.cpu_seconds * 100_000 / row.duration_ms
        for row in group
        if row.max_cpu_percent is not None or (row in cpu and row.duration_ms >= 100)
    ]
    memory = [row.mean_rss_bytes or row.max_rss_bytes for row in group if row.max_rss_bytes]
    return {
        "runs": len(group),
        "completed": statuses.count("completed"),
        "failed": statuses.count("failed") + statuses.count("dead_letter"),
        "timeouts": statuses.count("timeout"),
        "cancelled": statuses.count("cancelled"),
        "duration_ms": sum(took),
        "max_duration_ms": took[-1] if took else None,
        "p50_duration_ms": took[math.ceil(len(took) * 50 / 100) - 1] if took else None,
        "p95_duration_ms": took[math.ceil(len(took) * 95 / 100) - 1] if took else None,
        "cpu_seconds": pytest.approx(sum(row.cpu_seconds for row in cpu)),
        "cpu_duration_ms": sum(row.duration_ms for row in cpu),
        "max_cpu_percent": pytest.approx(max(shares)) if shares else None,
        "memory_runs": len(memory),
        "memory_bytes": sum(memory),
        "max_memory_bytes": max((r.max_rss_bytes for r in group if r.max_rss_bytes), default=None),
    }


HOURS = st.sampled_from([0, 1, 30])
#: Within few hours of two days, so that much comes together.
MINUTES = st.builds(lambda hour, minute: hour * 60 + minute, HOURS, st.integers(0, 90))
ENDS = st.lists(
    st.fixed_dictionaries(
        {
            "job": st.integers(0, 2),
            "minutes": MINUTES,
            "status": st.sampled_from(
                ["completed", "completed", "failed", "timeout", "cancelled", "dead_letter"]
            ),
            "duration_ms": st.integers(1, 5_000),
            "cpu_seconds": st.none() | st.floats(0, 20),
            "max_cpu_percent": st.none() | st.floats(0, 800),
            "max_rss_bytes": st.none() | st.integers(1, 10**11),
        }
    ),
    max_size=20,
)


class TestAgainstBruteForce:
    @settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(ENDS, st.lists(MINUTES, max_size=2))
    def test_figures_are_what_a_count_by_hand_gives(self, ends, looks):
        """However often the chore ran while all that happened."""
        with transaction() as session:
            session.execute(sa.delete(Job))
            session.execute(sa.delete(RollupMark))
            jobs = [make_job(session).id for _ in range(3)]
        present = now()
        left = sorted(ends, key=lambda one: -one["minutes"])
        for minutes in [*sorted(looks, reverse=True), 0]:
            past = [one for one in left if one["minutes"] >= minutes]
            left = left[len(past) :]
            self._happen(jobs, past, present)
            self._roll_up_at(present - timedelta(minutes=minutes))
        with reading() as session:
            rows = list(session.scalars(sa.select(Execution)))
        for period in rollups.PERIODS:
            found, expected = kept(period), by_hand(rows, period)
            assert set(found) == set(expected)
            for key, figures in expected.items():
                assert {name: getattr(found[key], name) for name in figures} == figures

    @staticmethod
    def _happen(jobs, ends, present):
        with transaction() as session:
            for one in ends:
                values = {k: v for k, v in one.items() if k not in {"job", "minutes", "status"}}
                job = session.get_one(Job, jobs[one["job"]])
                end(
                    session,
                    job,
                    present - timedelta(minutes=one["minutes"]),
                    one["status"],
                    **values,
                )

    @staticmethod
    def _roll_up_at(moment):
        due_again()
        take: Any = rollups._take
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(rollups, "_take", lambda period: replace(take(period), present=moment))
            roll_up(SETTINGS)


class TestChore:
    def test_what_is_open_is_counted_again_and_what_is_closed_is_not(self):
        with transaction() as session:
            job = make_job(session)
            end(session, job, hours_ago(30), duration_ms=5)
            end(session, job, now(), duration_ms=5)
        roll_up(SETTINGS)
        with transaction() as session:
            job = session.get_one(Job, job.id)
            end(session, job, hours_ago(30), duration_ms=5)
            end(session, job, now(), duration_ms=5)
        due_again()
        roll_up(SETTINGS)
        counts = {start: row.runs for (_, start), row in kept("hour").items()}
        assert counts == {hours_ago(30): 1, start_of(now(), "hour"): 2}

    def test_it_waits_between_two_runs(self):
        roll_up(SETTINGS)
        with transaction() as session:
            end(session, make_job(session), now())
        assert roll_up(SETTINGS) == 0
        assert kept("hour") == {}

    def test_while_one_counts_another_does_not(self):
        with transaction() as session:
            end(session, make_job(session), now())
        assert rollups._take("hour") is not None
        assert rollups._take("hour") is None
        roll_up(SETTINGS)
        assert kept("hour") == {}
        assert len(kept("day")) == 1

    def test_a_run_that_died_is_made_up_for(self, monkeypatch):
        with transaction() as session:
            job = make_job(session)
            for hours in (5, 4, 3):
                end(session, job, hours_ago(hours))
        write = rollups._write

        def die(period, start, rows):
            if start == hours_ago(4):
                raise RuntimeError("killed")
            return write(period, start, rows)

        with monkeypatch.context() as patched:
            patched.setattr(rollups, "_write", die)
            with pytest.raises(RuntimeError):
                roll_up(SETTINGS)
        assert len(kept("hour")) == 1
        due_again()
        roll_up(SETTINGS)
        assert len(kept("hour")) == 3

    def test_late_writers_never_take_back_what_is_newer(self):
        with transaction() as session:
            job = make_job(session)
            end(session, job, now(), duration_ms=5)
        start = start_of(now(), "day")
        with reading() as session:
            rows = session.execute(rollups.of_all(start, start + timedelta(days=1))).mappings()
            before = [dict(row) for row in rows]
        with transaction() as session:
            end(session, session.get_one(Job, job.id), now(), duration_ms=7)
        roll_up(SETTINGS)
        rollups._write("day", start, before)
        assert [row.runs for row in kept("day").values()] == [2]

    def test_a_job_that_is_gone_by_now_hinders_nobody(self):
        with transaction() as session:
            one, other = make_job(session), make_job(session)
            for job in (one, other):
                end(session, job, now())
        start = start_of(now(), "day")
        with reading() as session:
            rows = session.execute(rollups.of_all(start, start + timedelta(days=1))).mappings()
            found = [dict(row) for row in rows]
        with transaction() as session:
            session.delete(session.get_one(Job, one.id))
        assert rollups._write("day", start, found) == 1

    def test_figures_outlive_the_executions_and_go_with_the_job(self):
        with transaction() as session:
            job = make_job(session)
            end(session, job, hours_ago(50))
        roll_up(SETTINGS)
        with transaction() as session:
            session.execute(sa.delete(Execution))
        due_again()
        roll_up(SETTINGS)
        assert len(kept("day")) == 1
        with transaction() as session:
            session.delete(session.get_one(Job, job.id))
        assert kept("day") == {}

    def test_what_had_never_begun_is_not_counted(self):
        with transaction() as session:
            job = make_job(session)
            end(session, job, now(), "skipped")
            end(session, job, now(), "cancelled", started_at=None)
        roll_up(SETTINGS)
        assert kept("day") == {}

    def test_days_and_hours_are_those_of_utc(self):
        moment = datetime(2026, 3, 29, 23, 59, 59, 999_000, tzinfo=UTC)
        assert start_of(moment, "day") == datetime(2026, 3, 29, tzinfo=UTC)
        assert start_of(moment, "hour") == datetime(2026, 3, 29, 23, tzinfo=UTC)


class TestRetention:
    def test_samples_and_figures_go_each_in_their_own_time(self):
        with transaction() as session:
            job = make_job(session)
            row_id = make_execution(session, job, days=100)
            for days in (29, 31):
                moment = now() - timedelta(days=days)
                samples.write(session, row_id, 1, [Sample(moment, 1.0, days, None)])
            for days in (399, 401):
                end(session, job, now() - timedelta(days=days))
        roll_up(Settings(rollup_retention_days=36_000))
        assert forgetting.purge_in_batches(SETTINGS) == 1 + 2  # an hour and a day
        with reading() as session:
            assert list(session.scalars(sa.select(UsageSample.memory_bytes))) == [29]
            assert session.scalar(sa.select(sa.func.count()).select_from(Execution)) == 3
        assert len(kept("day")) == len(kept("hour")) == 2

    def test_many_go_in_batches(self, monkeypatch):
        monkeypatch.setattr(forgetting, "_EXECUTIONS", 2)
        old = now() - timedelta(days=40)
        with transaction() as session:
            job = make_job(session)
            for _ in range(5):
                row_id = make_execution(session, job)
                moments = [old + timedelta(seconds=n) for n in range(3)]
                samples.write(session, row_id, 1, [Sample(m, 1.0, 1, None) for m in moments])
        assert forgetting.purge_in_batches(SETTINGS) == 15

    def test_the_days_are_those_in_force_now(self):
        with transaction() as session:
            row_id = make_execution(session, make_job(session))
            samples.write(session, row_id, 1, [Sample(now() - timedelta(days=3), 1.0, 1, None)])
        assert forgetting.purge_in_batches(SETTINGS) == 0
        assert forgetting.purge_in_batches(Settings(metrics_retention_days=2)) == 1


def test_only_while_it_counts_does_sqlite_sort_in_files():
    def place(session):
        return session.connection().exec_driver_sql("PRAGMA temp_store").scalar_one()

    with reading() as session:
        if session.get_bind().dialect.name != "sqlite":
            return
        with rollups._sorting_in_files(session):
            assert place(session) == 1  # a file
        assert place(session) == 2  # memory
