"""The other addresses do what ours do."""

import pytest

from app.api import aliases
from app.db import reading
from app.models import Execution
from tests.support.api import LATER, claim_one, get, make, refused, rows_of, settle


@pytest.fixture
def ended(client):
    """An execution that has ended."""
    job = make(client, scheduled_at="now")
    settle(claim_one())
    return rows_of(client, job["id"])[0]


def test_the_table_holds_nothing_twice():
    places = [(method, rule) for method, rule, _ in aliases.TABLE]
    assert len(places) == len(set(places))


def test_runs_are_executions(client, ended):
    assert get(client, "/api/runs") == get(client, "/api/executions")
    here, there = (f"/api/{name}/{ended['id']}" for name in ("runs", "executions"))
    assert get(client, here) == get(client, there)
    assert get(client, f"{here}/logs") == get(client, f"{there}/logs")
    assert client.get("/api/runs/nope").status_code == 404


def test_a_run_can_be_cancelled(client):
    job = make(client, scheduled_at=LATER)
    (row,) = rows_of(client, job["id"])
    answer = client.post(f"/api/runs/{row['id']}/cancel")
    assert (answer.status_code, answer.json["data"]["status"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("query", "body", "forced"),
    [("", None, False), ("?force=true", None, True), ("?force=false", {"force": True}, True)],
)
def test_an_execution_can_be_stopped(client, query, body, forced):
    make(client, scheduled_at="now")
    taken = claim_one()
    path = f"/api/executions/{taken.id}/stop"
    answer = client.post(path + query, **({"json": body} if body else {}))
    assert (answer.status_code, answer.json["data"]["status"]) == (200, "cancelling")
    with reading() as session:
        assert session.get_one(Execution, taken.id).cancel_forced is forced
    refused(client.post(path + "?force=perhaps"), 400, "force")
    assert client.post("/api/executions/nope/stop").status_code == 404


@pytest.mark.parametrize("verb", ["run", "trigger"])
def test_a_job_can_be_started_by_other_words(client, verb):
    job = make(client)
    answer = client.post(f"/api/jobs/{job['id']}/{verb}", json={"args": ["x"]})
    assert answer.status_code == 200
    assert answer.json["data"]["execution_id"] == claim_one().id


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_job_can_be_switched_off_and_on(client, method):
    job = make(client)
    for verb, enabled in (("disable", False), ("enable", True), ("enable", True)):
        answer = client.open(f"/api/jobs/{job['id']}/{verb}", method=method)
        assert (answer.status_code, answer.json["data"]["enabled"]) == (200, enabled)
        assert get(client, f"/api/jobs/{job['id']}")["data"]["enabled"] is enabled
    assert client.open(f"/api/jobs/nope/{verb}", method=method).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/api/jobs", {"name": "new"}, "name"),
        ("/api/projects", {"name": "new"}, "name"),
        ("/api/tags", {"name": "new"}, "name"),
        ("/api/api-keys", {"name": "new"}, "name"),
    ],
)
def test_put_changes_only_what_it_names_as_patch_does(client, path, body, name):
    made = make(client) if path == "/api/jobs" else None
    if made is None:
        made = client.post(path, json={"name": "old"}).json["data"]
    answer = client.put(f"{path}/{made['id']}", json=body)
    assert answer.status_code == 200
    assert answer.json["data"][name] == "new"
    assert answer.json["data"]["created_at"] == made["created_at"]


def test_put_sets_a_run_time_value_too(client):
    edit = {"key": "default_priority", "value": "7"}
    assert client.put("/api/system/config", json=edit).status_code == 200
