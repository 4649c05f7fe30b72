"""Jobs that recur, pause and go on, from the command line."""

import json

import pytest

from app.db import transaction
from app.services.schedules import firing
from tests.app.cli.test_jobs import created, ended
from tests.support.api import LATER, claim_one, get, make, rows_of

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
LIST = "/api/jobs"
OFTEN = {"type": "fixed_rate", "interval_seconds": 5}
MAKE = ("jobs", "create", "--name", "x", "--script", "true")


@pytest.fixture
def often(client):
    """A job that recurs."""
    return make(client, name="often", scheduled_at=..., schedule=OFTEN)


def job_of(client, job):
    return get(client, f"{LIST}/{job['id']}")["data"]


def fire():
    with transaction() as session:
        return firing.fire_due(session, 10.0)


class TestMake:
    @pytest.mark.parametrize(
        ("words", "schedule"),
        [
            (("--cron", "0 9 * * MON-FRI"), {"type": "cron", "expression": "0 9 * * MON-FRI"}),
            (("--every", "1h30m"), {"type": "fixed_rate", "interval_seconds": 5400}),
            (("--every", "90"), {"type": "fixed_rate", "interval_seconds": 90}),
            (("--after", "2m"), {"type": "fixed_delay", "delay_seconds": 120}),
            (("--schedule", '{"type": "manual"}'), {"type": "manual"}),
            (("--schedule", "@schedule.json"), {"type": "calendar", "hours": [3]}),
            (("--schedule", "-"), {"type": "calendar", "hours": [3]}),
        ],
    )
    def test_a_job_with_a_schedule(self, oneoff, client, tmp_path, words, schedule):
        text = '{"type": "calendar", "hours": [3]}'
        (tmp_path / "schedule.json").write_text(text)
        done = oneoff(*MAKE, *words, "--timezone", "Asia/Tokyo", "--misfire", "all", text=text)
        job = created(done, client)
        assert job["schedule"] == schedule | {"timezone": "Asia/Tokyo"}
        assert (job["misfire"], job["status"]) == ("all", "scheduled")

    def test_a_paused_one_waits_to_be_started(self, oneoff, client):
        job = created(oneoff(*MAKE, "--every", "5s", "--paused"), client)
        assert (job["status"], fire()) == ("paused", 0)
        shown = ended(oneoff("jobs", "show", "x"))
        assert "waits to be started" in shown
        assert "every 5 s" in shown
        assert ended(oneoff("jobs", "start", "x")) == f"{job['id']}: scheduled\n"
        assert fire() == 1

    def test_null_is_to_run_once(self, oneoff, client, often):
        done = oneoff("jobs", "edit", "often", "--schedule", "null")
        ended(done, 1)
        assert "scheduled_at is required" in done.stderr
        done = oneoff("jobs", "edit", "often", "--at", LATER)
        ended(done, 1)
        assert "a schedule says when" in done.stderr
        ended(oneoff("jobs", "edit", "often", "--schedule", "null", "--at", LATER))
        job = job_of(client, often)
        assert (job["schedule"]["type"], job["scheduled_at"][:4]) == ("once", "2100")
        done = oneoff(*MAKE, "--schedule", "null", "--at", LATER)
        assert created(done, client)["schedule"]["type"] == "once"

    def test_what_may_not_be_meant_is_said(self, oneoff, client):
        done = oneoff(*MAKE, "--cron", "0 0 9 * * *")
        created(done, client)
        assert "Warning: its schedule has six fields" in done.stderr
        done = oneoff("jobs", "edit", "x", "--priority", 9)
        assert "Warning: its schedule has six fields" in done.stderr
        done = oneoff("jobs", "edit", "x", "--cron", "0 9 * * *")
        assert "Warning" not in ended(done) + done.stderr

    @pytest.mark.parametrize(
        ("words", "code", "says"),
        [
            (("--cron", "0 9 * * *", "--every", "5s"), 2, "--cron and --every all say when"),
            (("--cron", "0 9 * * *", "--at", LATER), 2, "all say when"),
            (("--every", "soon"), 2, "no span of time"),
            (("--every", "0s"), 1, "schedule.interval_seconds"),
            (("--after", "9999d"), 1, "schedule.delay_seconds"),
            (("--cron", "60 9 * * *"), 1, "schedule.expression"),
            (("--schedule", "[]"), 2, "must be a JSON object"),
            (("--schedule", "{"), 2, "malformed JSON"),
            (("--schedule", '{"type": "weekly"}'), 1, "schedule.type"),
            (("--every", "5s", "--misfire", "never"), 2, "never"),
        ],
    )
    def test_what_can_not_be_meant_is_told(self, oneoff, client, words, code, says):
        done = oneoff(*MAKE, *words)
        assert ended(done, code) == ""
        assert says in done.stderr
        assert get(client, LIST)["total"] == 0

    def test_a_copy_keeps_the_schedule_if_asked_to(self, oneoff, client, often):
        same = created(oneoff("jobs", "clone", "often", "--same-schedule", "--name", "y"), client)
        assert (same["name"], same["schedule"]) == ("y", often["schedule"])
        once = created(oneoff("jobs", "clone", "often", "--at", LATER), client)
        assert (once["schedule"]["type"], once["scheduled_at"][:4]) == ("once", "2100")

    def test_a_copy_can_not_be_both(self, oneoff, client, often):
        done = oneoff("jobs", "clone", "often", "--same-schedule", "--at", LATER)
        ended(done, 2)
        assert "--same-schedule" in done.stderr
        assert get(client, LIST)["total"] == 1


class TestRest:
    def test_jobs_are_paused_with_a_reason_and_until_when(self, oneoff, client, often):
        done = oneoff("jobs", "pause", "often", "--reason", "moving house", "--until", "+1h")
        assert ended(done) == f"{often['id']}: paused\n"
        job = job_of(client, often)
        assert (job["status"], job["pause_reason"]) == ("paused", "moving house")
        assert job["paused_until"] is not None
        assert "moving house" in ended(oneoff("jobs", "show", "often"))
        again = oneoff("jobs", "pause", "often")
        ended(again, 1)
        assert "paused already" in again.stderr
        assert ended(oneoff("jobs", "resume", "often")) == f"{often['id']}: resumed\n"
        assert job_of(client, often)["status"] == "scheduled"

    def test_many_go_on_though_one_can_not(self, oneoff, client, often):
        other = make(client, name="other")
        ended(oneoff("jobs", "pause", "other"))
        done = oneoff("jobs", "resume", "often", "other", "--missed", "skip", "--json")
        results = json.loads(ended(done, 1))["data"]
        assert [(one["id"], "error" in one) for one in results] == [
            (often["id"], True),
            (other["id"], False),
        ]
        assert results[1]["status"] == "resumed"

    @pytest.mark.parametrize(
        ("words", "code", "says"),
        [
            (("--until", "2001-01-01T00:00:00Z"), 1, "until: must be in the future"),
            (("--until", "soon"), 1, "until"),
            (("--until", "+soon"), 2, "no span of time"),
            (("--reason", "x" * 256), 1, "at most 255"),
        ],
    )
    def test_a_pause_that_can_not_be_meant(self, oneoff, client, often, words, code, says):
        done = oneoff("jobs", "pause", "often", *words)
        assert ended(done, code) == ""
        assert says in done.stderr
        assert job_of(client, often)["status"] == "scheduled"

    def test_a_stopped_one_is_over_until_it_is_started(self, oneoff, client, often):
        assert ended(oneoff("jobs", "stop", "often")) == f"{often['id']}: stopped\n"
        assert job_of(client, often)["status"] == "cancelled"
        ended(oneoff("jobs", "stop", "often"), 1)
        assert ended(oneoff("jobs", "start", "often")) == f"{often['id']}: scheduled\n"
        done = oneoff("jobs", "start", "often")
        ended(done, 1)
        assert "at work already" in done.stderr

    def test_to_stop_many_is_asked_first(self, oneoff, client, often):
        other = make(client, name="other")
        done = oneoff("jobs", "stop", "often", "other")
        ended(done, 2)
        assert "--yes" in done.stderr
        assert job_of(client, other)["status"] == "scheduled"
        ended(oneoff("jobs", "stop", "often", "other", "--yes"))
        assert job_of(client, other)["status"] == "cancelled"

    def test_what_runs_is_stopped_by_force(self, oneoff, client):
        job = make(client, name="runs", scheduled_at="now")
        claim_one()
        assert ended(oneoff("jobs", "stop", "runs", "--force")) == f"{job['id']}: stopped\n"
        (row,) = rows_of(client, job["id"])
        assert row["status"] == "cancelling"

    def test_one_that_runs_once_is_moved(self, oneoff, client, often):
        job = make(client, name="once")
        shown = ended(oneoff("jobs", "reschedule", "once", "2101-01-01T00:00:00Z"))
        assert shown.startswith(f"{job['id']} is due 2101-01-01T00:00:00.000Z (in ")
        assert job_of(client, job)["next_due_at"] == "2101-01-01T00:00:00.000Z"
        done = oneoff("jobs", "reschedule", "often", LATER)
        ended(done, 1)
        assert "a schedule says when" in done.stderr


class TestLook:
    def test_the_next_moments(self, oneoff, client):
        make(
            client, name="x", scheduled_at=..., schedule={"type": "cron", "expression": "0 9 * * *"}
        )
        lines = ended(oneoff("jobs", "next", "x", "--count", 3)).splitlines()
        assert len(lines) == 3
        assert all("(in " in line and line.endswith("T09:00:00+00:00") for line in lines)
        shown = json.loads(ended(oneoff("jobs", "next", "x", "--json")))
        assert len(shown["data"]) == 10
        ended(oneoff("jobs", "next", "x", "--count", 0), 2)

    def test_a_resting_one_is_said_not_to_be_due(self, oneoff, client, often):
        ended(oneoff("jobs", "pause", "often"))
        done = oneoff("jobs", "next", "often")
        assert (ended(done), "not due" in done.stderr) == ("", True)

    def test_why_a_moment_went_as_it_did(self, oneoff, client, often):
        fire()
        (row, *_) = rows_of(client, often["id"])[::-1]
        lines = ended(oneoff("jobs", "why", "often", "--at", row["due_at"])).splitlines()
        assert len(lines) > 1
        assert any("schedule" in line for line in lines[1:])
        shown = json.loads(ended(oneoff("jobs", "why", "often", "--at", row["due_at"], "--json")))
        assert shown["execution_id"] == row["id"]
        beside = ended(oneoff("jobs", "why", "often", "--at", "2001-01-01T00:00:00Z"))
        assert "did not exist" in beside
        of_row = json.loads(ended(oneoff("executions", "why", row["id"], "--json")))
        assert of_row["steps"] == shown["steps"]
        assert ended(oneoff("executions", "why", row["id"])).splitlines()[0] == shown["answer"]

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("jobs", "why", "nothing"), "no job named 'nothing'"),
            (("jobs", "next", "nothing"), "no job named 'nothing'"),
            (("executions", "why", "nothing"), "no id of an execution"),
            (("executions", "why", "0" * 32), "not found"),
        ],
    )
    def test_what_is_not_there_is_told(self, oneoff, client, words, says):
        done = oneoff(*words)
        assert ended(done, 1) == ""
        assert says in done.stderr
