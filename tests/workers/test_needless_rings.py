"""Rings that piled up while no worker was there go with the rows that they stood for."""

import json

import pytest

from app.db import reading, transaction
from app.gateways import broker
from app.gateways.messages import Ring
from app.models import Execution
from app.services import wakeups, workers
from app.services.workers import Registration
from tests.support.rows import make_execution, make_job
from workers.executors.base import Options
from workers.runner import IDLE_RINGS, Runner


@pytest.fixture
def runner(real_broker, tmp_path):
    with transaction() as session:
        workers.register(session, Registration("prefork", ("default",), 2))
    wakeups.forget_slots()
    return Runner(
        worker="w" * 32,
        queues=lambda _session: ["default"],
        options=Options(tmp_path),
        lease=15.0,
        grace=0.0,
        max_output_bytes=10_000,
    )


def _pile_up(count):
    broker.ring([Ring("default", 5, ("x", 0))] * count, {})


def test_the_first_rings_that_find_nothing_take_the_others_with_them(runner):
    _pile_up(50)
    for _ in range(IDLE_RINGS - 1):
        runner.drain()
    assert broker.depth("default") == 50
    runner.drain()
    assert broker.depth("default") == 2


def test_a_ring_that_found_work_begins_the_count_anew(runner):
    _pile_up(50)
    for turn in range(2 * IDLE_RINGS):
        if turn % (IDLE_RINGS - 1) == 0:
            with transaction() as session:
                job = make_job(session, type="none", config=json.dumps({}), version=1)
                row_id = make_execution(session, job, "queued")
        runner.drain()
        with reading() as session:
            assert session.get_one(Execution, row_id).completed_at is not None
    assert broker.depth("default") == 50


def test_a_broker_that_is_away_harms_nobody(runner, monkeypatch):
    def fail(*_):
        raise ConnectionError("no broker")

    monkeypatch.setattr(broker, "drop_needless_rings", fail)
    for _ in range(2 * IDLE_RINGS):
        runner.drain()
