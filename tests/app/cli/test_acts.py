"""Doing the same to all that options describe, on the command line."""

import json

import pytest

from tests.support.api import claim_one, get, make, rows_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def statuses(client):
    return {row["name"]: row["status"] for row in get(client, "/api/jobs")["data"]}


def test_only_what_is_described_is_paused(oneoff, client):
    make(client, name="report 1")
    make(client, name="report 2")
    make(client, name="else")
    done = oneoff("jobs", "act", "pause", "--search", "report", "--reason", "why not", "--yes")
    assert (done.returncode, done.stdout) == (0, "done 2, refused 0, skipped 0\n")
    assert statuses(client) == {"report 1": "paused", "report 2": "paused", "else": "scheduled"}


def test_a_dry_run_says_how_many_and_who_cannot(oneoff, client):
    make(client, name="ready")
    resting = make(client, name="resting")["id"]
    client.post(f"/api/jobs/{resting}/pause")
    told = oneoff("jobs", "act", "pause", "--all", "--dry-run")
    assert told.stdout == "Pause 2 jobs\n"
    assert f"can't: resting ({resting}): the job is paused already" in told.stderr
    assert statuses(client)["ready"] == "scheduled"
    wire = json.loads(oneoff("jobs", "act", "pause", "--all", "--dry-run", "--json").stdout)
    assert (wire["matched"], wire["refused"]) == (2, 1)


def test_without_a_filter_nothing_is_done(oneoff, client):
    make(client, name="a")
    refused = oneoff("jobs", "act", "delete", "--yes")
    assert refused.returncode == 2
    assert "--all" in refused.stderr
    assert oneoff("jobs", "act", "delete", "--all").returncode == 2  # nobody can be asked
    assert statuses(client) == {"a": "scheduled"}


def test_what_is_refused_is_told(oneoff, client):
    make(client, name="runs", scheduled_at="now")
    claim_one()
    make(client, name="waits")
    done = oneoff("jobs", "act", "delete", "--all", "--yes")
    assert done.returncode == 1
    assert "runs" in done.stderr
    assert "cancel it first" in done.stderr
    assert list(statuses(client)) == ["runs"]


def test_jobs_are_edited_and_switched(oneoff, client):
    client.post("/api/tags", json={"name": "t"})
    make(client, name="a")
    edited = oneoff("jobs", "act", "edit", "--all", "--add-tag", "t", "--set-priority", "9", "-y")
    assert edited.returncode == 0, edited.stderr
    assert oneoff("jobs", "act", "disable", "--tag", "t", "-y").returncode == 0
    (job,) = get(client, "/api/jobs")["data"]
    assert (job["priority"], job["tags"][0]["name"], job["enabled"]) == (9, "t", False)


def test_executions_are_cancelled_and_replayed(oneoff, client):
    job = make(client, name="a")["id"]
    assert oneoff("executions", "act", "cancel", "--waiting", "--all", "-y").returncode == 0
    done = oneoff("executions", "act", "replay", "--job", "a", "--status", "cancelled", "-y")
    assert done.stdout == "done 1, refused 0, skipped 0\n"
    assert [row["status"] for row in rows_of(client, job)] == ["queued", "cancelled"]
