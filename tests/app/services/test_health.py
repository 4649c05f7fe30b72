"""What the report says of each part, and of the whole."""

from datetime import timedelta

import pytest

from app import db
from app.db import transaction
from app.domain.clock import now
from app.gateways import broker
from app.models import Worker
from app.services import engines, health, workers
from app.services.workers import Registration
from app.settings import Settings
from tests.support.rows import make_job

BROKER = "redis://:hidden-password@127.0.0.1:1/0"
SETTINGS = Settings(broker_url=BROKER)


def report(schema=""):
    return health.Monitor(SETTINGS, lambda: schema).report()


@pytest.fixture
def staffed(database, monkeypatch):
    """A product whose broker answers and whose workers consume."""
    monkeypatch.setattr(broker, "is_reachable", lambda: True)
    with transaction() as session:
        for queues in (("default",), ("dispatch",), ("chores",)):
            worker = workers.register(session, Registration("prefork", queues, 2))
            workers.heartbeat(session, worker, consuming=True, slots=2)


def test_all_is_well(staffed):
    found = report()
    assert found["status"] == "ok"
    assert found["queues"] == [{"name": "default", "depth": 0, "oldest_seconds": 0.0}]
    assert health.readiness(found) == {
        "ready": True,
        "database": True,
        "schema": True,
        "broker": True,
        "consuming": True,
    }


def test_without_broker_the_product_is_degraded_but_up(staffed, monkeypatch):
    monkeypatch.setattr(broker, "is_reachable", lambda: False)
    found = report()
    assert (found["status"], found["broker"]["status"]) == ("degraded", "down")
    assert health.is_up(found)
    assert not health.readiness(found)["ready"]
    assert "hidden-password" not in str(found)


def test_without_workers_the_product_is_degraded_and_says_who_is_missing(database, monkeypatch):
    monkeypatch.setattr(broker, "is_reachable", lambda: True)
    found = report()
    assert found["status"] == "degraded"
    assert "dispatch" in found["workers"]["problem"]
    ready = health.readiness(found)
    assert (ready["ready"], ready["consuming"]) == (True, False)


def test_without_database_the_product_is_down(staffed):
    db.forget_engines()
    db.configure("sqlite:////nowhere/at/all.db")
    found = report()
    assert (found["status"], found["workers"]["consuming"]) == ("down", 0)
    assert not health.is_up(found)
    assert "nowhere" not in str(found)


def test_an_old_schema_is_said(staffed):
    found = report("the schema is old")
    assert found["schema"] == {"status": "down", "problem": "the schema is old"}
    assert (found["status"], health.readiness(found)["ready"]) == ("degraded", False)


@pytest.mark.parametrize("offset", [-3.0, 3.0])
def test_a_clock_that_is_off_degrades(staffed, monkeypatch, offset):
    monkeypatch.setattr(health, "now", lambda: now() + timedelta(seconds=offset))
    found = report()
    assert found["status"] == "degraded"
    assert found["database"]["clock_skew_seconds"] == pytest.approx(offset, abs=0.5)


def test_a_slow_answer_of_the_database_is_no_skew():
    moment = now()
    span = timedelta(seconds=5)
    assert health.skew_seconds(moment - span, moment, moment + span) == 0
    assert health.skew_seconds(moment, moment - span, moment) == 5
    assert health.skew_seconds(moment, moment + span, moment) == -5


def report_engine(reached, job=None):
    """Have the run worker say whether it reaches an engine, and perhaps make a docker job."""
    with transaction() as session:
        if job is not None:
            make_job(session, type="docker", config='{"image": "alpine"}', **job)
        worker = session.query(Worker).filter_by(queues="default").one()
        engines.report(session, worker.id, reached=reached)


def test_nobody_asks_for_an_engine_as_long_as_there_is_no_docker_job(staffed):
    found = report()
    assert found["docker"] == {"status": "ok", "needed": False, "engine": "unknown"}
    assert found["status"] == "ok"


@pytest.mark.parametrize(
    ("job", "status"),
    [
        ({"status": "scheduled"}, "degraded"),
        ({"status": "running"}, "degraded"),
        ({"status": "scheduled", "enabled": False}, "ok"),
        ({"status": "failed"}, "ok"),
    ],
)
def test_a_missing_engine_degrades_only_if_a_docker_job_waits_for_it(staffed, job, status):
    report_engine(False, job)
    found = report()
    assert (found["docker"]["engine"], found["docker"]["status"]) == ("down", status)
    assert "no worker reaches" in found["docker"]["problem"]
    assert found["status"] == status
    assert health.readiness(found)["ready"]


def test_one_worker_with_an_engine_is_enough(staffed):
    report_engine(False, {"status": "scheduled"})
    with transaction() as session:
        other = workers.register(session, Registration("prefork", ("docker",), 2))
        engines.report(session, other, reached=True)
    found = report()
    assert found["docker"] == {"status": "ok", "needed": True, "engine": "up"}
    assert found["status"] == "ok"
