"""Workers over HTTP."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.domain.clock import now
from app.models import Worker
from app.services import executions, workers
from app.services.executions import Owner
from app.services.workers import Registration
from tests.support.api import get, make


def register(queues=("default",), slots=2, *, consuming=True, **over):
    """Have a worker of this process live; values in ``over`` are written over its row."""
    with transaction() as session:
        worker_id = workers.register(session, Registration("prefork", queues, slots))
        workers.heartbeat(session, worker_id, consuming=consuming, slots=slots)
        if over:
            session.execute(sa.update(Worker).where(Worker.id == worker_id).values(**over))
    return worker_id


def test_without_workers_the_list_is_empty(client):
    assert get(client, "/api/workers") == {"data": []}


def test_a_worker_says_what_it_serves_and_runs(client):
    worker_id = register(("reports", "default"))
    make(client, scheduled_at="now")
    with transaction() as session:
        owner = Owner(worker_id, "1.0")
        (claim,) = executions.claim(session, owner, ["default"], 1, 60, oldest=False)
    (shown,) = get(client, "/api/workers")["data"]
    assert shown.keys() == {
        *("id", "host", "pid", "pool", "queues", "slots", "slots_used", "consuming", "drained"),
        *("heartbeat_at", "running", "version", "started_at"),
    }
    assert (shown["id"], shown["pool"], shown["queues"]) == (
        worker_id,
        "prefork",
        ["reports", "default"],
    )
    assert (shown["slots"], shown["slots_used"], shown["running"]) == (2, 1, [claim.id])
    assert shown["consuming"] is True
    assert shown["heartbeat_at"].endswith("Z")


def test_a_worker_that_only_lives_is_not_consuming(client):
    register(consuming=False)
    assert get(client, "/api/workers")["data"][0]["consuming"] is False


@pytest.mark.parametrize(
    "gone", [{"stopped_at": now()}, {"heartbeat_at": now() - timedelta(minutes=5)}]
)
def test_the_dead_and_the_silent_are_left_out(client, gone):
    alive = register()
    register(**gone)
    assert [worker["id"] for worker in get(client, "/api/workers")["data"]] == [alive]


def test_workers_come_by_host_and_age(client):
    ids = [
        register(host=host, started_at=now() - timedelta(hours=hours))
        for host, hours in (("b", 1), ("a", 1), ("b", 2))
    ]
    shown = [worker["id"] for worker in get(client, "/api/workers")["data"]]
    assert shown == [ids[1], ids[2], ids[0]]
