"""The figures of the system are those of its rows and counters."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import db_now, reading, transaction
from app.domain.clock import now
from app.models import Worker
from app.services import metrics, statistics, tallies, workers
from app.services.workers import Registration
from tests.support.rows import make_execution, make_job

FAMILIES = (
    "apikey_validations",
    "build_info",
    "claims",
    "database_up",
    "duplicates_suppressed",
    "executions",
    "http_request_duration_seconds",
    "http_requests",
    "job_duration_seconds",
    "jobs",
    "jobs_queued",
    "queue_depth",
    "queue_oldest_seconds",
    "repairs",
    "start_lateness_seconds",
    "uptime_seconds",
    "webhook_deliveries",
    "worker_consuming",
    "worker_up",
    "workers_active",
    "workers_total",
)


def status():
    with reading() as session:
        return statistics.system_status(session)


def families():
    from prometheus_client.parser import text_string_to_metric_families

    metrics._ledger.kept_seconds = -1
    text = metrics.exposition().decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(found, family, sample=None, **labels):
    name = sample or found[family].samples[0].name
    return next(
        s.value
        for s in found[family].samples
        if s.name == name and labels.items() <= s.labels.items()
    )


@pytest.fixture
def lived_in(database):
    """A ledger in which a little has happened."""
    with transaction() as session:
        job = make_job(session)
        make_job(session, status="running")
        make_execution(session, job, "completed", started_at=now())
        make_execution(session, job, "completed", days=2)
        for verdict in ("failed", "timeout", "dead_letter", "cancelled"):
            make_execution(session, job, verdict, days=0.5)
        make_execution(session, job, "failed", days=1.5)
        make_execution(session, job, "queued", days=0.001)
        make_execution(session, job, "queued", blocked_on=job.id)
        make_execution(session, job, "scheduled", days=0.001)
        make_execution(session, job, "scheduled", days=-1)
        make_execution(session, job, "running")
        for key, count in {"shell:completed": 4, "shell:timeout": 1, "http:failed": 2}.items():
            tallies.add(session, "ends", key, count)
        tallies.add(session, "seconds", "shell:completed", 10)
        tallies.add(session, "seconds", "shell:timeout", 600)
        tallies.add(session, "events", "claims", 7)
        tallies.add(session, "events", "stale_results", 2)
        for seconds in (0.004, 0.02, 0.02, 100):
            tallies.add_lateness(session, seconds)


@pytest.mark.usefixtures("lived_in")
class TestFigures:
    def test_the_six_figures_and_the_totals(self):
        found = status()
        assert found["total_scheduled"] == 1
        assert found["currently_running"] == 1
        assert found["completed_today"] == 1
        assert found["failed_recent"] == 3
        assert found["avg_duration_ms"] == 2500
        assert found["queue_depth"] == 3
        assert (found["total_jobs"], found["total_executions"]) == (2, 12)
        assert (found["is_running"], found["idle_workers"]) == (False, 0)

    def test_a_queue_shows_what_waits_for_a_slot_and_since_when(self):
        with reading() as session:
            depth, oldest = statistics.queues(session)["default"]
        assert depth == 1
        assert 86 < oldest < 120

    def test_the_exposition_tells_the_same(self):
        found = families()
        assert value(found, "oneoff_jobs", type="shell", status="completed") == 4
        assert value(found, "oneoff_jobs", type="shell", status="failed") == 1
        assert value(found, "oneoff_executions", type="shell", status="timeout") == 1
        seconds = "oneoff_job_duration_seconds"
        assert value(found, seconds, f"{seconds}_count", type="shell") == 5
        assert value(found, seconds, f"{seconds}_sum", type="shell") == 610
        assert value(found, "oneoff_queue_depth", queue="default") == 1
        assert value(found, "oneoff_claims") == 7
        assert value(found, "oneoff_duplicates_suppressed") == 2
        assert value(found, "oneoff_repairs") == 0
        assert value(found, "oneoff_jobs_queued") == 2

    def test_the_lateness_histogram_is_cumulative(self):
        name = "oneoff_start_lateness_seconds"
        found = families()
        assert value(found, name, f"{name}_bucket", le="0.005") == 1
        assert value(found, name, f"{name}_bucket", le="0.025") == 3
        assert value(found, name, f"{name}_bucket", le="60.0") == 3
        assert value(found, name, f"{name}_bucket", le="+Inf") == 4
        assert value(found, name, f"{name}_count") == 4


def test_a_slow_count_is_kept_for_a_while(lived_in, monkeypatch):
    monkeypatch.setattr(statistics, "_counts", {})
    monkeypatch.setattr(statistics, "_SLOW_SECONDS", -1)
    assert status()["completed_today"] == 1
    until, _ = statistics._counts[("completed",)]
    statistics._counts[("completed",)] = (until + 60, 99)
    assert status()["completed_today"] == 99


@pytest.mark.usefixtures("database")
class TestEmptiness:
    def test_a_fresh_installation_is_all_zeros(self):
        found = status()
        assert found.pop("pause")["paused"] is False
        found.pop("is_running")
        assert set(found.values()) == {0}

    def test_every_family_is_there_from_the_start(self):
        found = families()
        for name in FAMILIES:
            assert f"oneoff_{name}" in found
        assert value(found, "oneoff_jobs", type="http", status="failed") == 0

    def test_durations_noted_without_verdict_are_averaged_over_all(self):
        with transaction() as session:
            tallies.add(session, "ends", "shell:completed", 3)
            tallies.add(session, "ends", "shell:failed", 1)
            tallies.add(session, "seconds", "shell", 2)
        assert status()["avg_duration_ms"] == 500

    def test_lanes_tell_workers_that_live_from_those_that_take_messages(self):
        with transaction() as session:
            for queues in (("default",), ("default", "slow"), ("dispatch",), ("chores",)):
                worker = workers.register(session, Registration("prefork", queues, 2))
                if "slow" not in queues:
                    workers.heartbeat(session, worker, consuming=True, slots=2)
            dead = workers.register(session, Registration("prefork", ("default",), 2))
            session.execute(
                sa.update(Worker).where(Worker.id == dead).values(heartbeat_at=db_now(-60))
            )
        with reading() as session:
            found = statistics.lanes(session)
        assert found == {"run": (2, 1), "dispatch": (1, 1), "auxiliary": (1, 1)}
        assert value(families(), "oneoff_worker_up", lane="run") == 2


def test_the_day_begins_at_midnight_in_utc():
    midnight = statistics._midnight()
    assert (midnight.hour, midnight.utcoffset()) == (0, timedelta(0))
    assert timedelta(0) <= now() - midnight < timedelta(days=1)
