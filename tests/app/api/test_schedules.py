"""Jobs that recur, over HTTP: making, editing, pausing, resuming, stopping, asking why."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.domain.clock import now, to_wire
from app.domain.schedules.once import parse_rfc3339
from app.models import Execution, Job
from app.services.jobs import lifecycle
from app.services.schedules import firing
from tests.support.api import claim_one, get, make, refused, rows_of, settle

CRON = {"type": "cron", "expression": "0 9 * * MON-FRI", "timezone": "Europe/Berlin"}
OFTEN = {"type": "fixed_rate", "interval_seconds": 5}


def recurring(client, schedule=CRON, **over):
    return make(client, scheduled_at=..., schedule=schedule, **over)


def fire(horizon=10.0):
    with transaction() as session:
        return firing.fire_due(session, horizon)


def post(client, job, what, **body):
    return client.post(f"/api/jobs/{job['id']}/{what}", json=body)


def job_of(client, job):
    return get(client, f"/api/jobs/{job['id']}")["data"]


def change(job, **values):
    with transaction() as session:
        session.execute(sa.update(Job).where(Job.id == job["id"]).values(values))


def test_a_recurring_job_says_when_it_is_due(client):
    job = recurring(client)
    assert job["schedule"] == CRON
    assert (job["status"], job["timezone"]) == ("scheduled", "Europe/Berlin")
    assert job["next_due_at"] == job["scheduled_at"]
    assert job["next_due_at"].endswith(":00:00.000Z")
    coming = get(client, f"/api/jobs/{job['id']}/next", count=3)["data"]
    assert next(one["utc"] for one in coming) == job["next_due_at"]
    assert all("T09:00:00+0" in one["local"] for one in coming)


def test_a_job_that_runs_once_shows_so(client):
    assert make(client)["schedule"] == {"type": "once", "timezone": "UTC"}


@pytest.mark.parametrize(
    ("over", "fields"),
    [
        ({"schedule": {"type": "cron", "expression": "60 * * * *"}}, ["schedule.expression"]),
        ({"schedule": {"type": "weekly"}}, ["schedule.type"]),
        ({"schedule": {"type": "cron"}}, ["schedule.expression"]),
        ({"schedule": "0 9 * * *"}, ["schedule"]),
        ({"schedule": CRON, "scheduled_at": "2100-01-01T00:00:00Z"}, ["scheduled_at"]),
        ({"schedule": CRON, "scheduled_at": ..., "immediate": True}, ["immediate"]),
        ({"schedule": {**CRON, "timezone": "Europe/Berln"}}, ["schedule.timezone"]),
        ({"schedule": CRON, "scheduled_at": ..., "misfire": "never"}, ["misfire"]),
        ({"schedule": CRON, "scheduled_at": ..., "misfire_limit": 0}, ["misfire_limit"]),
    ],
)
def test_a_schedule_that_is_none_is_refused_by_its_field(client, over, fields):
    body = {"name": "x", "type": "shell", "config": {"script": "true"}} | over
    body = {name: value for name, value in body.items() if value is not ...}
    refused(client.post("/api/jobs", json=body), 400, *fields)
    assert get(client, "/api/jobs")["total"] == 0


@pytest.mark.parametrize("text", ["in 30m", "+1h", "Jan 15, 2094 3:04 PM EST"])
def test_a_moment_may_be_written_in_many_ways(client, text):
    assert make(client, scheduled_at=text)["scheduled_at"] > to_wire(now())


def test_an_edit_holds_from_the_next_moment_on(client):
    job = recurring(client, OFTEN)
    fire()
    planned = {row["id"] for row in rows_of(client, job["id"])}
    answer = client.patch(f"/api/jobs/{job['id']}", json={"schedule": CRON})
    assert answer.status_code == 200, answer.text
    changed = answer.json["data"]
    assert changed["schedule"] == CRON
    assert changed["timezone"] == "Europe/Berlin"
    assert changed["next_due_at"] > to_wire(now() + timedelta(seconds=30))
    assert planned
    assert rows_of(client, job["id"]) == []


def test_a_recurring_job_can_be_edited_while_it_runs(client):
    job = recurring(client, OFTEN)
    post(client, job, "execute")
    claim_one()
    assert job_of(client, job)["status"] == "running"
    answer = client.patch(f"/api/jobs/{job['id']}", json={"name": "another"})
    assert answer.json["data"]["name"] == "another"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_the_present_moment_may_be_repeated_in_the_zone_of_the_job(client, zone):
    job = recurring(client, {"type": "cron", "expression": "0 9 * * *", "timezone": zone})
    path, there = f"/api/jobs/{job['id']}", parse_rfc3339(job["scheduled_at"])
    there = there.astimezone(ZoneInfo(zone))
    for text in (job["scheduled_at"], there.isoformat(), f"{there:%B %d, %Y %I:%M %p}"):
        answer = client.patch(path, json={"scheduled_at": text})
        assert (answer.status_code, answer.json["data"]["version"]) == (200, job["version"])
    for text in ("now", "+1h", f"{there + timedelta(hours=1):%B %d, %Y %I:%M %p}"):
        refused(client.patch(path, json={"scheduled_at": text}), 400, "scheduled_at")


def test_a_job_may_come_to_run_once_and_back(client):
    job = recurring(client, OFTEN)
    fire()
    moment = "2100-01-01T00:00:00.000Z"
    path = f"/api/jobs/{job['id']}"
    refused(client.patch(path, json={"schedule": None}), 400, "scheduled_at")
    once = client.patch(path, json={"schedule": None, "scheduled_at": moment}).json["data"]
    assert (once["schedule"]["type"], once["next_due_at"]) == ("once", moment)
    assert [row["due_at"] for row in rows_of(client, job["id"])] == [moment]
    again = client.patch(path, json={"schedule": CRON}).json["data"]
    assert again["next_due_at"] < moment
    assert rows_of(client, job["id"]) == []


def test_a_start_by_hand_leaves_the_schedule_alone(client):
    job = recurring(client)
    started = post(client, job, "execute").json["data"]
    assert job_of(client, job)["schedule"] == CRON
    assert get(client, f"/api/executions/{started['execution_id']}")["data"]["origin"] == "manual"
    settle(claim_one())
    after = job_of(client, job)
    assert after["status"] == "scheduled"
    assert after["scheduled_at"] == job["scheduled_at"]


def test_a_paused_job_starts_by_hand_only_and_stays_paused_through_edits(client):
    job = recurring(client, OFTEN)
    fire()
    paused = post(client, job, "pause", reason="moving house").json["data"]
    assert (paused["status"], paused["pause_reason"]) == ("paused", "moving house")
    assert paused["next_due_at"] is None
    assert rows_of(client, job["id"]) == []
    assert fire() == 0
    client.patch(f"/api/jobs/{job['id']}", json={"schedule": {**OFTEN, "interval_seconds": 7}})
    client.patch(f"/api/jobs/{job['id']}", json={"enabled": False})
    client.patch(f"/api/jobs/{job['id']}", json={"enabled": True})
    assert (fire(), job_of(client, job)["status"]) == (0, "paused")
    assert post(client, job, "execute").status_code == 200
    settle(claim_one())
    assert job_of(client, job)["status"] == "paused"
    refused(post(client, job, "pause"), 409)


@pytest.mark.parametrize(("missed", "made_up"), [("skip", 0), ("latest", 1), ("all", 4)])
def test_what_passes_in_a_pause_is_one_row_and_made_up_for_as_asked(client, missed, made_up):
    job = recurring(client, OFTEN)
    post(client, job, "pause", reason="moving house")
    anchor = now().replace(microsecond=0) - timedelta(seconds=100)
    change(job, off_since=anchor + timedelta(seconds=81), anchor_at=anchor)
    resumed = post(client, job, "resume", missed=missed).json["data"]
    assert resumed["status"] == "scheduled"
    assert resumed["next_due_at"] > to_wire(now())
    rows = rows_of(client, job["id"])
    (passed,) = [row for row in rows if row["status"] == "skipped"]
    assert passed["reason"] == "paused: moving house"
    assert passed["moments"] == 4
    caught = [row for row in rows if row["origin"] == "catchup"]
    assert len(caught) == made_up
    assert {row["catches_up_id"] for row in caught} <= {passed["id"]}
    refused(post(client, job, "resume"), 409)


def test_a_pause_ends_by_itself(client):
    job = recurring(client, OFTEN)
    refused(post(client, job, "pause", until="2020-01-01T00:00:00Z"), 400, "until")
    post(client, job, "pause", until="2100-01-01T00:00:00Z")
    change(job, paused_until=now() - timedelta(seconds=1))
    with transaction() as session:
        lifecycle.resume_overdue(session)
    assert job_of(client, job)["status"] == "scheduled"
    assert fire() == 1


def test_a_paused_job_that_runs_once_runs_when_it_is_resumed(client):
    job = make(client)
    post(client, job, "pause")
    change(job, scheduled_at=now() - timedelta(seconds=1))
    assert post(client, job, "resume").status_code == 200
    assert claim_one().job_id == job["id"]
    refused(post(client, job, "pause"), 409)


def test_what_waits_in_its_queue_is_held_by_a_pause(client):
    job = make(client, scheduled_at="now")
    post(client, job, "pause")
    with pytest.raises(IndexError):
        claim_one()
    post(client, job, "resume")
    assert claim_one().job_id == job["id"]


def test_a_job_made_with_auto_start_false_waits_to_be_started(client):
    job = recurring(client, OFTEN, auto_start=False)
    assert (job["status"], job["pause_reason"]) == ("paused", "waits to be started")
    assert fire() == 0
    assert post(client, job, "start").json["data"]["status"] == "scheduled"
    assert fire() == 1
    refused(post(client, job, "start"), 409)


def test_a_stopped_schedule_is_over_until_it_is_started_again(client):
    job = recurring(client, OFTEN)
    fire()
    assert post(client, job, "stop").status_code == 200
    stopped = job_of(client, job)
    assert (stopped["status"], stopped["next_due_at"]) == ("cancelled", None)
    assert fire() == 0
    refused(post(client, job, "stop"), 409)
    assert post(client, job, "start").json["data"]["status"] == "scheduled"
    assert fire() == 1


def test_a_manual_job_is_never_due(client):
    job = recurring(client, {"type": "manual"})
    assert (job["next_due_at"], job["scheduled_at"]) == (None, None)
    assert fire() == 0
    assert get(client, f"/api/jobs/{job['id']}/next")["data"] == []
    assert post(client, job, "start").status_code == 200
    assert claim_one().job_id == job["id"]


def test_a_fixed_delay_counts_from_the_end(client):
    job = recurring(client, {"type": "fixed_delay", "delay_seconds": 300})
    assert fire() == 1
    with transaction() as session:
        session.execute(sa.update(Execution).values(status="queued", queued_at=now()))
    claim = claim_one()
    assert job_of(client, job)["next_due_at"] is None
    settle(claim)
    due_at = job_of(client, job)["next_due_at"]
    soonest, latest = (to_wire(now() + timedelta(seconds=s)) for s in (240, 301))
    assert soonest < due_at < latest
    assert job_of(client, job)["status"] == "scheduled"


def test_only_a_job_that_runs_once_is_rescheduled(client):
    job = make(client)
    moved = post(client, job, "reschedule", scheduled_at="2101-01-01T00:00:00Z").json["data"]
    assert moved["next_due_at"] == "2101-01-01T00:00:00.000Z"
    other = recurring(client)
    refused(post(client, other, "reschedule", scheduled_at="2101-01-01T00:00:00Z"), 400)


def test_a_copy_keeps_the_schedule_unless_it_gets_a_moment(client):
    job = recurring(client)
    assert post(client, job, "clone").json["data"]["schedule"] == CRON
    once = post(client, job, "clone", scheduled_at="2101-01-01T00:00:00Z").json["data"]
    assert once["schedule"]["type"] == "once"


def test_why_names_the_pause_that_holds_an_execution(client):
    job = make(client, scheduled_at="now")
    path = f"/api/executions/{rows_of(client, job['id'])[0]['id']}/why"

    def told():
        return [s["text"] for s in get(client, path)["data"]["steps"] if s["step"] == "pause"]

    assert told() == []
    client.post("/api/queues/default/pause")
    assert told() == ["The queue default is paused"]
    client.post("/api/system/pause")
    assert told() == ["The installation is paused"]


def test_why_tells_what_became_of_a_moment(client):
    job = recurring(client, {**OFTEN, "interval_seconds": 60}, misfire_grace_seconds=10)
    first = now().replace(microsecond=0) - timedelta(seconds=100)
    change(job, next_due_at=first, anchor_at=first, created_at=first - timedelta(hours=1))
    fire(0)
    path = f"/api/jobs/{job['id']}/why"
    missed = get(client, path, at=to_wire(first))["data"]
    assert missed["status"] == "skipped"
    assert missed["answer"].startswith("It did not run. missed")
    assert [step["step"] for step in missed["steps"]] == ["schedule", "policy"]
    beside = get(client, path, at=to_wire(first + timedelta(seconds=2)))["data"]
    assert beside["answer"] == "It was not due then."
    assert get(client, path, at="2000-01-01T00:00:00Z")["data"]["execution_id"] is None
    assert "did not exist" in get(client, path, at="2000-01-01T00:00:00Z")["data"]["answer"]
    caught = next(row for row in rows_of(client, job["id"]) if row["origin"] == "catchup")
    steps = get(client, f"/api/executions/{caught['id']}/why")["data"]["steps"]
    assert any(caught["catches_up_id"] in step["text"] for step in steps)


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        *(("0001-01-01T00:00:00Z", 400), ("1969-12-31T23:59:59Z", 400)),
        *(("1970-01-01T00:00:00Z", 200), ("9900-12-31T23:59:59Z", 200)),
        *(("9901-01-01T00:00:00Z", 400), ("9999-12-31T23:59:59.999Z", 400)),
    ],
)
@pytest.mark.parametrize("schedule", [CRON, OFTEN, {"type": "fixed_delay", "delay_seconds": 60}])
def test_the_ends_of_the_calendar_can_be_asked_about(client, schedule, moment, status):
    job = recurring(client, schedule)
    for question in (f"next?after={moment}", f"why?at={moment}"):
        answer = client.get(f"/api/jobs/{job['id']}/{question}")
        assert answer.status_code == status, answer.text
