"""Chains over HTTP: the contract's addresses and sentences."""

import pytest

from app.db import transaction
from app.services import chain_runs
from app.services.chain_runs import mending
from tests.support.api import get, make, refused
from tests.support.chains import work_off

NOBODY = "0" * 32


def make_chain(client, jobs=2, **over):
    """Make a chain of new jobs; return it."""
    body = {"name": "nightly", "job_ids": [make(client)["id"] for _ in range(jobs)]} | over
    body = {name: value for name, value in body.items() if value is not ...}
    answer = client.post("/api/chains", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def test_a_chain_is_made_of_job_ids_in_their_order(client):
    first, second = make(client)["id"], make(client)["id"]
    chain = make_chain(client, description="each night", job_ids=[second, first, second])
    assert [link["job_id"] for link in chain["links"]] == [second, first, second]
    assert [link["sequence_order"] for link in chain["links"]] == [1, 2, 3]
    assert {link["stop_on_failure"] for link in chain["links"]} == {True}
    assert {link["run_if"] for link in chain["links"]} == {"success"}
    assert (chain["project_id"], chain["description"]) == ("default", "each night")
    assert get(client, f"/api/chains/{chain['id']}")["data"] == chain


def test_chains_are_found_by_a_job_of_theirs(client):
    first, second = make(client)["id"], make(client)["id"]
    both = make_chain(client, job_ids=[first, second, first])
    make_chain(client, name="other", job_ids=[first])
    found = get(client, "/api/chains", job_id=second)
    assert ([chain["id"] for chain in found["data"]], found["total"]) == ([both["id"]], 1)
    assert get(client, "/api/chains", job_id=first)["total"] == 2
    assert get(client, "/api/chains", job_id=NOBODY)["data"] == []


def test_a_chain_is_made_of_links(client):
    job = make(client)["id"]
    links = [
        {"job_id": job, "stop_on_failure": False},
        {"job_id": job, "run_if": "failure"},
        {"job_id": job, "run_if": "always"},
    ]
    chain = make_chain(client, job_ids=..., links=links, priority=9, queue="slow")
    shown = [(link["stop_on_failure"], link["run_if"]) for link in chain["links"]]
    assert shown == [(False, "success"), (True, "failure"), (True, "always")]
    assert (chain["priority"], chain["queue"]) == (9, "slow")


@pytest.mark.parametrize(
    ("body", "fields", "sentence"),
    [
        ({"job_ids": ["x"]}, ["name"], "missing required field"),
        ({"name": "a"}, ["links"], "Chain must have at least one job"),
        ({"name": "a", "job_ids": []}, ["job_ids"], "Chain must have at least one job"),
        ({"name": "a", "links": []}, ["links"], "Chain must have at least one job"),
        ({"name": "a", "job_ids": [NOBODY]}, ["job_ids"], "One or more jobs in chain not found"),
        (
            {"name": "a", "job_ids": [NOBODY], "project_id": NOBODY},
            ["job_ids", "project_id"],
            "there is no such project",
        ),
        ({"name": "a", "job_ids": ["x"] * 101}, ["job_ids"], "at most 100 links"),
        ({"name": "a", "links": [{"job_id": "x"}] * 101}, ["links"], "at most 100 links"),
        ({"name": "a", "links": [{}]}, ["links.0.job_id"], "missing required field"),
        (
            {"name": "a", "links": [{"job_id": "x", "run_if": "maybe", "y": 1}]},
            ["links.0.run_if", "links.0.y"],
            "must be one of: success, failure, always",
        ),
        (
            {"name": "a", "links": [{"job_id": "x", "run_if": "failure"}]},
            ["links.0.run_if"],
            "fail",
        ),
        ({"name": "a", "links": [], "job_ids": []}, ["job_ids"], "beside links"),
        ({"name": "a", "job_ids": ["x"], "priority": 11}, ["priority"], "between 1 and 10"),
        ({"name": "a", "job_ids": ["x"], "queue": "a b"}, ["queue"], "letters"),
        ({"name": "a", "job_ids": ["x"], "steps": 1}, ["steps"], "unknown field"),
    ],
)
def test_a_bad_chain_is_refused_with_all_its_faults(client, body, fields, sentence):
    answer = refused(client.post("/api/chains", json=body), 400, *fields)
    assert sentence in answer["error"]


def test_an_unknown_chain_is_not_found(client):
    for method, path in (
        ("get", ""),
        ("patch", ""),
        ("put", ""),
        ("delete", ""),
        ("post", "/execute"),
        ("get", "/runs"),
    ):
        body: dict[str, dict[str, str]] = {} if method in {"get", "delete"} else {"json": {}}
        answer = getattr(client, method)(f"/api/chains/{NOBODY}{path}", **body)
        assert refused(answer, 404)["error"] == "Chain not found"
    for method, path in (("get", ""), ("post", "/cancel"), ("post", "/resume")):
        answer = getattr(client, method)(f"/api/chain-runs/{NOBODY}{path}")
        assert refused(answer, 404)["error"] == "Chain run not found"


@pytest.mark.parametrize("method", ["patch", "put"])
def test_an_edit_replaces_all_links_or_none(client, method):
    chain = make_chain(client, jobs=3)
    send = getattr(client, method)
    answer = send(f"/api/chains/{chain['id']}", json={"name": "renamed", "priority": 3})
    assert answer.status_code == 200
    assert answer.json["data"]["links"] == chain["links"]
    assert (answer.json["data"]["name"], answer.json["data"]["priority"]) == ("renamed", 3)
    other = make(client)["id"]
    answer = send(f"/api/chains/{chain['id']}", json={"job_ids": [other], "priority": None})
    assert [link["job_id"] for link in answer.json["data"]["links"]] == [other]
    assert answer.json["data"]["priority"] is None
    refused(send(f"/api/chains/{chain['id']}", json={"links": []}), 400, "links")


def test_chains_are_listed_by_name_with_their_links(client):
    made = client.post("/api/projects", json={"name": "other"}).json["data"]["id"]
    for name in ("b", "c", "a"):
        make_chain(client, name=name)
    mine = make_chain(client, name="d", project_id=made)
    page = get(client, "/api/chains", limit=2)
    assert [c["name"] for c in page["data"]] == ["a", "b"]
    assert (page["total"], page["limit"], page["offset"]) == (4, 2, 0)
    assert [len(c["links"]) for c in page["data"]] == [2, 2]
    rest = get(client, "/api/chains", limit=2, cursor=page["next_cursor"])
    assert [c["name"] for c in rest["data"]] == ["c", "d"]
    assert get(client, "/api/chains", project_id=made)["data"] == [mine]


def test_a_deleted_job_leaves_its_chains_and_a_chain_without_jobs_does_not_start(client):
    chain = make_chain(client)
    for link in chain["links"]:
        assert client.delete(f"/api/jobs/{link['job_id']}").status_code == 204
    assert get(client, f"/api/chains/{chain['id']}")["data"]["links"] == []
    answer = refused(client.post(f"/api/chains/{chain['id']}/execute"), 400, "links")
    assert "Chain must have at least one job" in answer["error"]


def test_a_deleted_project_takes_its_chains_along_unless_they_are_moved(client):
    gone, kept = (
        client.post("/api/projects", json={"name": name}).json["data"]["id"] for name in "ab"
    )
    chain = make_chain(client, project_id=gone)
    client.delete(f"/api/projects/{gone}?reassign_to={kept}")
    assert get(client, f"/api/chains/{chain['id']}")["data"]["project_id"] == kept
    client.delete(f"/api/projects/{kept}")
    assert client.get(f"/api/chains/{chain['id']}").status_code == 404


def test_a_chain_is_executed_and_its_run_can_be_followed(client):
    chain = make_chain(client)
    answer = client.post(f"/api/chains/{chain['id']}/execute")
    assert answer.status_code == 202
    started = answer.json["data"]
    assert started["message"] == "Chain execution started"
    run = get(client, f"/api/chain-runs/{started['chain_run_id']}")["data"]
    assert (run["status"], run["number"], run["origin"]) == ("running", 1, "manual")
    assert (run["current_index"], run["total_links"]) == (1, 2)
    assert run["link_statuses"] == ["pending", "pending"]
    assert [link["status"] for link in run["links"]] == ["queued", "pending"]
    row = get(client, f"/api/executions/{run['links'][0]['executions'][0]['id']}")["data"]
    assert (row["origin"], row["chain_run_id"], row["link_index"]) == ("chain", run["id"], 1)
    refused(client.delete(f"/api/chains/{chain['id']}"), 409)
    work_off(run["id"])
    run = get(client, f"/api/chain-runs/{run['id']}")["data"]
    assert run["status"] == "completed"
    assert [link["outcome"] for link in run["links"]] == ["success", "success"]
    assert all(link["duration_ms"] is not None for link in run["links"])
    page = get(client, f"/api/chains/{chain['id']}/runs")
    assert [r["id"] for r in page["data"]] == [run["id"]]
    assert client.delete(f"/api/chains/{chain['id']}").status_code == 204
    assert client.get(f"/api/chain-runs/{run['id']}").status_code == 404


def test_an_execute_that_is_sent_twice_starts_one_run(client):
    chain = make_chain(client)
    answers = [
        client.post(f"/api/chains/{chain['id']}/execute", headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [202, 202]
    assert answers[0].json == answers[1].json
    assert get(client, f"/api/chains/{chain['id']}/runs")["total"] == 1


def test_a_chain_whose_job_is_disabled_or_in_progress_is_not_executed(client):
    chain = make_chain(client)
    path = f"/api/chains/{chain['id']}/execute"
    client.post(path)
    assert "in progress" in refused(client.post(path), 409)["error"]
    client.patch(f"/api/jobs/{chain['links'][1]['job_id']}", json={"enabled": False})
    assert "disabled" in refused(client.post(path), 409)["error"]


def test_a_run_is_cancelled_and_resumed(client):
    chain = make_chain(client, jobs=3)
    run_id = client.post(f"/api/chains/{chain['id']}/execute").json["data"]["chain_run_id"]
    refused(client.post(f"/api/chain-runs/{run_id}/resume"), 409)
    answer = client.post(f"/api/chain-runs/{run_id}/cancel")
    assert (answer.status_code, answer.json["data"]["status"]) == (200, "cancelled")
    refused(client.post(f"/api/chain-runs/{run_id}/cancel"), 409)
    refused(client.post(f"/api/chain-runs/{run_id}/resume", json={"from": 2}), 400, "from")
    refused(client.post(f"/api/chain-runs/{run_id}/resume", json={"from": 0}), 400, "from")
    refused(client.post(f"/api/chain-runs/{run_id}/resume", json={"x": 1}), 400, "x")
    answer = client.post(f"/api/chain-runs/{run_id}/resume")
    assert (answer.status_code, answer.json["data"]["status"]) == (202, "running")
    work_off(run_id)
    run = get(client, f"/api/chain-runs/{run_id}")["data"]
    assert run["status"] == "completed"
    assert [len(link["executions"]) for link in run["links"]] == [2, 1, 1]
    refused(client.post(f"/api/chain-runs/{run_id}/resume"), 409)
    assert client.post(f"/api/chain-runs/{run_id}/resume", json={"from": 3}).status_code == 202
    work_off(run_id)
    run = get(client, f"/api/chain-runs/{run_id}")["data"]
    assert [len(link["executions"]) for link in run["links"]] == [2, 1, 2]


def test_an_edit_of_a_job_leaves_its_waiting_link_alone(client):
    chain = make_chain(client)
    run_id = client.post(f"/api/chains/{chain['id']}/execute").json["data"]["chain_run_id"]
    job_id = chain["links"][0]["job_id"]
    for change in ({"scheduled_at": "2101-01-01T00:00:00Z", "queue": "other"}, {"enabled": False}):
        answer = client.patch(f"/api/jobs/{job_id}", json=change)
        assert answer.status_code == 200, answer.text
    link = get(client, f"/api/chain-runs/{run_id}")["data"]["links"][0]
    row = get(client, f"/api/executions/{link['executions'][0]['id']}")["data"]
    assert (row["status"], row["queue"]) == ("queued", "default")


def test_a_job_that_is_deleted_during_a_run_is_a_failed_link(client, monkeypatch):
    chain = make_chain(client)
    run_id = client.post(f"/api/chains/{chain['id']}/execute").json["data"]["chain_run_id"]
    assert client.delete(f"/api/jobs/{chain['links'][0]['job_id']}").status_code == 204
    with transaction() as session:
        assert chain_runs.repair(session) == 0  # others may be at it just now
    monkeypatch.setattr(mending, "QUIET_SECONDS", 0.0)
    with transaction() as session:
        assert chain_runs.repair(session) == 1
    run = get(client, f"/api/chain-runs/{run_id}")["data"]
    assert (run["status"], run["links"][0]["reason"]) == ("failed", "its job was deleted")
    assert run["links"][0]["reason_code"] == "job_deleted"
    assert "its job was deleted" in run["error"]
