"""Retry policies and dead letters on the command line."""

import json

import pytest

from tests.app.cli.test_jobs import created, ended
from tests.support.api import claim_one, get, make, rows_of, settle

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def bury(client, monkeypatch):
    """Return a function that buries an execution of a new job and returns it."""

    def die(**over):
        job = make(client, scheduled_at="now", retry={"max_retries": 1}, **over)
        with monkeypatch.context() as patch:
            patch.setattr("app.services.executions.retries.fate", lambda *_, **__: "bury")
            settle(claim_one(), "failed", error="exited with code 3", error_code="EXIT_CODE")
        return rows_of(client, job["id"])[0]

    return die


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("4", {"max_retries": 4, "strategy": "exponential"}),
        ("enterprise", {"max_retries": 10, "preset": "enterprise"}),
        ('{"strategy": "fixed", "base_seconds": 7}', {"strategy": "fixed", "base_seconds": 7}),
    ],
)
def test_a_policy_is_a_number_a_name_or_an_object(oneoff, client, word, expected):
    job = created(oneoff("jobs", "create", "--name", "j", "--script", "x", "--retry", word), client)
    assert job["retry"].items() >= expected.items()


def test_a_policy_is_shown_and_taken_away(oneoff, client):
    job = make(client, retry="taskflow")
    assert "retry up to 3 times (taskflow)" in ended(oneoff("jobs", "show", job["id"]))
    ended(oneoff("jobs", "edit", job["id"], "--retry", "none"))
    assert get(client, f"/api/jobs/{job['id']}")["data"]["retry"] is None
    done = oneoff("jobs", "edit", job["id"], "--retry", "sometimes")
    assert (done.returncode, "taskflow" in done.stderr) == (1, True)


def test_dead_letters_are_listed_grouped_and_counted(oneoff, bury):
    assert "no such dead letters" in oneoff("dead-letters", "list").stderr
    row = bury(name="nightly")
    assert row["id"] in ended(oneoff("dead-letters", "list", "--job", "nightly"))
    assert row["fingerprint"] in ended(oneoff("dead-letters", "groups"))
    shown = json.loads(ended(oneoff("dead-letters", "groups", "--json")))["data"]
    assert shown[0]["execution_id"] == row["id"]
    assert json.loads(ended(oneoff("dead-letters", "stats", "--json")))["dead"] == 1
    assert "dead letters" in ended(oneoff("dead-letters", "stats"))


@pytest.mark.parametrize(("what", "done"), [("replay", "replayed"), ("discard", "discarded")])
def test_a_whole_filter_is_tried_and_then_done(oneoff, bury, what, done):
    bury()
    assert "say which" in oneoff("dead-letters", what).stderr
    assert "1 dead letter" in ended(oneoff("dead-letters", what, "--all", "--dry-run"))
    assert "--yes" in oneoff("dead-letters", what, "--all").stderr
    words = ("dead-letters", what, "--error-code", "EXIT_CODE", "--yes")
    assert f"{done}: 1, left: 0" in ended(oneoff(*words))
    assert "0 dead letters" in ended(oneoff(*words))


def test_what_is_refused_is_told(oneoff, client, bury):
    row = bury()
    job = row["job_id"]
    client.post(f"/api/jobs/{job}/execute")
    done = oneoff("dead-letters", "replay", "--job", job, "--yes")
    assert "replayed: 0, left: 1" in ended(done, 1)
    assert row["id"] in done.stderr


def test_one_is_replayed(oneoff, client, bury):
    row = bury()
    made = ended(oneoff("executions", "replay", row["id"])).strip()
    assert get(client, f"/api/executions/{made}")["data"]["replay_of"] == row["id"]
    assert made in ended(oneoff("executions", "show", row["id"]))
    again = oneoff("executions", "replay", row["id"])
    assert (again.returncode, made in again.stderr) == (1, True)
