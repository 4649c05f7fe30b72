"""Queues, pauses and work for queues from the command line."""

import json

import pytest

from tests.app.api.test_workers import register
from tests.support.api import get, rows_of

SHELL = '{"type": "shell", "script": "true"}'


def ended(done, code=0):
    assert done.returncode == code, done.stderr
    return done.stdout


def test_queues_are_listed_limited_paused_and_resumed(oneoff, client):
    register(slots=3)
    assert "limit 2, rate 10/1m" in ended(
        oneoff("queues", "set", "default", "--limit", 2, "--rate", "10/m")
    )
    assert "paused default" in ended(oneoff("queues", "pause", "default", "--reason", "full"))
    (line,) = ended(oneoff("queues", "list")).splitlines()[1:]
    assert line.split() == ["default", "0", "0", "0", "3", "2", "10/1m", "paused:", "full"]
    ended(oneoff("queues", "resume", "default"))
    ended(oneoff("queues", "set", "default", "--limit", "none", "--rate", "none"))
    (shown,) = json.loads(ended(oneoff("queues", "list", "--json")))["data"]
    assert (shown["limit"], shown["rate"], shown["paused"]) == (None, None, False)


def test_the_installation_is_paused_for_a_while_and_resumed(oneoff, client):
    assert "paused until" in ended(oneoff("pause", "--reason", "moving", "--until", "+1h"))
    assert "moving" in ended(oneoff("system", "status"))
    assert ended(oneoff("resume")).strip() == "resumed"
    assert get(client, "/api/system/status")["data"]["pause"]["paused"] is False


def test_a_worker_is_drained_and_resumed(oneoff):
    worker = register()
    assert worker in ended(oneoff("workers", "drain", worker))
    assert json.loads(ended(oneoff("workers", "--json")))["data"][0]["drained"] is True
    ended(oneoff("workers", "resume", worker))
    assert "Worker not found" in oneoff("workers", "drain", "nobody").stderr


def test_work_is_put_into_a_queue(oneoff, client):
    options = ("--queue", "high", "--priority", 10, "--delay", "5m", "--max-attempts", 5)
    job_id = ended(oneoff("enqueue", *options, "--payload", SHELL)).strip()
    job = get(client, f"/api/jobs/{job_id}")["data"]
    assert (job["queue"], job["priority"], job["type"]) == ("high", 10, "shell")
    assert rows_of(client, job_id)[0]["status"] == "scheduled"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("enqueue", "--payload", "[]"), 2, "must be a JSON object"),
        (("enqueue", "--payload", SHELL, "--delay", "soon"), 2, "span of time"),
        (("enqueue", "--payload", '{"type": "shell"}'), 1, "payload.script"),
        (("queues", "set", "default"), 2, "say what to change"),
        (("queues", "set", "default", "--rate", "often"), 1, "rate"),
        (("queues", "pause", "nowhere"), 1, "Queue not found"),
        (("pause", "--until", "+0s"), 1, "future"),
    ],
)
def test_what_is_wrong_is_said_plainly(oneoff, words, code, says):
    done = oneoff(*words)
    assert done.returncode == code
    assert says in done.stderr
