"""Queues, pauses and the queue API over HTTP."""

import pytest

from app.db import transaction
from app.services import executions
from app.services.executions import Owner
from tests.app.api.test_workers import register
from tests.support.api import LATER, claim_one, get, make, refused, rows_of, settle

SHELL = {"type": "shell", "script": "true"}


def post(client, path, **body):
    return client.post(path, json=body)


def test_a_queue_says_what_waits_and_runs_in_it(client):
    register(("default", "slow"), 3)
    register(("default",), 2)
    make(client, scheduled_at="now", queue="slow")
    running = make(client, scheduled_at="now")
    claim_one()
    make(client, scheduled_at="now", concurrency_key="k")
    make(client, scheduled_at="now", concurrency_key="k")
    first, second = get(client, "/api/queues")["data"]
    assert (first["name"], second["name"]) == ("default", "slow")
    assert (first["depth"], first["held"], first["running"]) == (1, 1, 1)
    assert (first["workers"], first["slots"], first["paused"]) == (2, 5, False)
    assert (second["depth"], second["running"], second["slots"]) == (1, 0, 3)
    assert second["oldest_seconds"] >= 0
    assert get(client, "/api/queues/slow")["data"]["depth"] == 1
    assert rows_of(client, running["id"])[0]["status"] == "running"


def test_a_queue_that_nobody_named_is_not_found(client):
    for answer in (
        client.get("/api/queues/nowhere"),
        client.patch("/api/queues/nowhere", json={"limit": 1}),
        client.post("/api/queues/nowhere/pause"),
        client.post("/api/queues/nowhere/resume"),
        client.post("/api/workers/nobody/drain"),
        client.post("/api/workers/nobody/resume"),
    ):
        refused(answer, 404)


def test_limit_and_rate_are_set_shown_and_taken_away(client):
    changed = client.patch("/api/queues/default", json={"limit": 2, "rate": "90/60s"})
    assert changed.status_code == 200, changed.text
    shown = get(client, "/api/queues/default")["data"]
    assert (shown["limit"], shown["rate"]) == (2, "90/1m")
    client.patch("/api/queues/default", json={"limit": None})
    shown = get(client, "/api/queues/default")["data"]
    assert (shown["limit"], shown["rate"]) == (None, "90/1m")
    client.patch("/api/queues/default", json={"rate": None})
    assert get(client, "/api/queues/default")["data"]["rate"] is None


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": 10_001},
        {"limit": "2"},
        {"limit": True},
        {"rate": "ten"},
        {"rate": "0/1m"},
        {"rate": "1/0s"},
        {"rate": "1/2d"},
        {"rate": "10001/1m"},
        {"rate": 5},
        {"depth": 1},
    ],
)
def test_a_limit_that_cant_be_is_refused(client, body):
    refused(client.patch("/api/queues/default", json=body), 400, *body)


def test_a_queue_is_paused_with_a_reason_and_resumed(client):
    paused = post(client, "/api/queues/default/pause", reason="full disk").json["data"]
    assert (paused["paused"], paused["paused_reason"]) == (True, "full disk")
    assert paused["paused_at"].endswith("Z")
    make(client, scheduled_at="now")
    with transaction() as session:
        owner = Owner("w", "1.0")
        assert executions.claim(session, owner, ["default"], 1, 60, oldest=False) == []
    resumed = client.post("/api/queues/default/resume").json["data"]
    assert (resumed["paused"], resumed["paused_reason"], resumed["depth"]) == (False, None, 1)
    assert claim_one()


def test_the_installation_is_paused_and_says_so_everywhere(client):
    answer = post(client, "/api/system/pause", reason="moving", until=LATER)
    assert answer.json["data"]["paused"] is True
    shown = get(client, "/api/system/status")["data"]["pause"]
    assert (shown["paused"], shown["reason"]) == (True, "moving")
    assert shown["until"] == "2100-01-01T00:00:00.000Z"
    health = client.get("/health", headers={"Accept": "application/json"}).json
    assert (health["pause"]["paused"], health["pause"]["status"]) == (True, "ok")
    assert client.post("/api/system/resume").json["data"]["paused"] is False
    assert get(client, "/api/system/status")["data"]["pause"]["paused"] is False


def test_a_pause_that_is_over_already_is_refused(client):
    answer = post(client, "/api/system/pause", until="2001-01-01T00:00:00Z", reason="x" * 1001)
    refused(answer, 400, "reason")
    refused(post(client, "/api/system/pause", until="2001-01-01T00:00:00Z"), 400, "until")
    refused(post(client, "/api/system/pause", why="x"), 400, "why")


def test_a_worker_is_drained_and_resumed(client):
    worker = register()
    assert client.post(f"/api/workers/{worker}/drain").status_code == 200
    assert get(client, "/api/workers")["data"][0]["drained"] is True
    assert get(client, "/api/queues/default")["data"]["slots"] == 0
    assert client.post(f"/api/workers/{worker}/resume").status_code == 200
    assert get(client, "/api/workers")["data"][0]["drained"] is False


def test_a_worker_that_the_product_needs_cant_be_drained(client):
    refused(client.post(f"/api/workers/{register(('dispatch',))}/drain"), 409)


def test_enqueued_work_waits_in_its_queue_at_once(client):
    made = post(client, "/api/enqueue", payload=SHELL, queue="high", priority=42)
    assert made.status_code == 201, made.text
    job = made.json["data"]
    assert (job["queue"], job["priority"], job["raw_priority"]) == ("high", 10, 42)
    assert (job["type"], job["spec"]) == ("shell", {"script": "true"})
    assert rows_of(client, job["id"])[0]["status"] == "queued"


@pytest.mark.parametrize(("given", "counts"), [(-7, 1), (0, 1), (1, 1), (10, 10), (2**62, 10)])
def test_any_priority_is_taken(client, given, counts):
    job = post(client, "/api/enqueue", payload=SHELL, priority=given).json["data"]
    assert (job["priority"], job["raw_priority"]) == (counts, given)


@pytest.mark.parametrize("delay", ["5m", 300, "300", "4m60s"])
def test_delayed_work_is_planned(client, delay):
    job = post(client, "/api/enqueue", payload=SHELL, delay=delay).json["data"]
    assert rows_of(client, job["id"])[0]["status"] == "scheduled"


def test_all_that_is_wrong_with_enqueued_work_is_said_at_once(client):
    body = {"queue": "no such/queue", "priority": 1.5, "delay": "soon", "max_attempts": 0, "x": 1}
    names = refused(post(client, "/api/enqueue", payload={"type": "shell"}, **body), 400)
    found = {fault["field"] for fault in names["details"]}
    assert found == {"queue", "priority", "delay", "max_attempts", "x", "payload.script"}
    refused(post(client, "/api/enqueue"), 400, "payload")
    refused(post(client, "/api/enqueue", payload=[]), 400, "payload")
    refused(post(client, "/api/enqueue", payload={"type": "nonsense"}), 400, "payload.type")
    refused(post(client, "/api/enqueue", payload="{"), 400)


def test_a_repeated_enqueue_with_one_key_makes_one_job(client):
    def once():
        headers = {"Idempotency-Key": "k"}
        return client.post("/api/enqueue", json={"payload": SHELL}, headers=headers).json["data"]

    assert once()["id"] == once()["id"]


def test_stats_count_what_is_due_as_queued_and_never_as_running(client):
    for _ in range(3):
        post(client, "/api/enqueue", payload=SHELL)
    post(client, "/api/enqueue", payload=SHELL, delay="1h")
    settle(claim_one())
    settle(claim_one(), "timeout")
    stats = get(client, "/api/stats")["data"]
    assert stats == {
        "scheduled": 1,
        "queued": 1,
        "running": 0,
        "finished": 1,
        "failed": 1,
        "cancelled": 0,
        "skipped": 0,
    }
    claim_one()
    assert get(client, "/api/stats")["data"]["running"] == 1


def test_a_waiting_execution_says_where_it_stands_and_when_it_may_start(client):
    register(slots=1)
    settle_one = post(client, "/api/enqueue", payload=SHELL)
    assert settle_one.status_code == 201
    settle(claim_one())
    jobs = [post(client, "/api/enqueue", payload=SHELL).json["data"] for _ in range(3)]
    urgent = post(client, "/api/enqueue", payload=SHELL, priority=9).json["data"]

    def place(job):
        return get(client, f"/api/executions/{rows_of(client, job['id'])[0]['id']}")["data"]

    assert [place(job)["queue_position"] for job in (urgent, *jobs)] == [1, 2, 3, 4]
    expected = [place(job)["expected_start_at"] for job in (urgent, *jobs)]
    assert None not in expected
    assert expected == sorted(expected)
    client.post("/api/queues/default/pause")
    assert place(jobs[0])["expected_start_at"] is None
    planned = post(client, "/api/enqueue", payload=SHELL, delay="1h").json["data"]
    assert place(planned)["queue_position"] is None
    assert place(planned)["expected_start_at"] == place(planned)["run_at"]


def test_an_execution_held_by_its_key_says_its_place_among_those(client):
    register()
    jobs = [make(client, scheduled_at="now", concurrency_key="{{type}}") for _ in range(3)]
    assert [job["concurrency_limit"] for job in jobs] == [1, 1, 1]
    settle(claim_one())
    rows = [rows_of(client, job["id"])[0] for job in jobs]
    assert [row["blocked_on"] for row in rows] == [None, None, "key:shell"]
    shown = get(client, f"/api/executions/{rows[2]['id']}")["data"]
    assert shown["queue_position"] == 1
    assert shown["expected_start_at"] is not None


@pytest.mark.parametrize("key", ["", "{{secret}}", "{{name", "x" * 256, "{{ name.x }}", "a\nb"])
def test_a_key_that_cant_be_is_refused(client, key):
    body = {"name": "j", "type": "shell", "config": {"script": "true"}, "scheduled_at": "now"}
    answer = client.post("/api/jobs", json=body | {"concurrency_key": key})
    if key == "":
        assert answer.json["data"]["concurrency_key"] is None
    else:
        refused(answer, 400, "concurrency_key")


def test_an_edit_puts_waiting_rows_under_another_key(client):
    first = make(client, scheduled_at="now", concurrency_key="a")
    second = make(client, scheduled_at="now", concurrency_key="a")
    assert rows_of(client, second["id"])[0]["blocked_on"] == "key:a"
    changed = client.patch(f"/api/jobs/{second['id']}", json={"concurrency_key": "b"})
    assert changed.status_code == 200, changed.text
    assert rows_of(client, second["id"])[0]["blocked_on"] is None
    client.patch(f"/api/jobs/{first['id']}", json={"concurrency_key": "b"})
    assert rows_of(client, first["id"])[0]["blocked_on"] == "key:b"
    client.patch(f"/api/jobs/{first['id']}", json={"concurrency_limit": 2})
    assert rows_of(client, first["id"])[0]["blocked_on"] is None
