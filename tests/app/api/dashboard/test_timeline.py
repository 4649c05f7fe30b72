"""What ran and what is planned, along the time, over HTTP."""

from datetime import timedelta

import pytest

from app.db import transaction
from app.domain.clock import now, to_wire
from app.models import JobRollup
from app.services.usage import heat
from tests.support.api import claim_one, get, make, refused, settle


def in_hours(hours):
    return to_wire(now() + timedelta(hours=hours))


def test_a_stretch_of_time_is_told_in_buckets(client):
    make(client, schedule={"type": "cron", "expression": "* * * * *"}, scheduled_at=...)
    middle = now().replace(microsecond=0)
    half = timedelta(hours=12)
    query = {"from": to_wire(middle - half), "to": to_wire(middle + half)}
    found = get(client, "/api/stats/timeline", **query)["data"]
    assert len(found["buckets"]) == 96
    assert found["bucket_seconds"] == 900
    assert found["buckets"][-2]["planned"] == 15
    assert found["buckets"][0].keys() == {"at", "completed", "failed", "cancelled", "planned"}
    assert found["planned_until"] <= query["to"]


def test_what_is_planned_is_listed_with_its_jobs(client):
    job = make(client, schedule={"type": "cron", "expression": "* * * * *"}, scheduled_at=...)
    found = get(client, "/api/stats/planned", to=in_hours(1), limit=2)["data"]
    assert [row["job_id"] for row in found["moments"]] == [job["id"]] * 2
    assert found["moments"][0]["job_name"] == job["name"]
    assert found["moments"][1]["at"] <= found["planned_until"] < in_hours(1)


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("timeline", {}, ["from", "to"]),
        ("timeline", {"from": "x", "to": "2030-01-01T00:00:00Z"}, ["from"]),
        (
            "timeline",
            {"from": "2029-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"},
            ["bucket_seconds"],
        ),
        ("heat", {"to": "2030-01-01T00:00:00Z"}, ["from"]),
        ("heat", {"from": "2029-01-01T00:00:00Z", "to": "2030-01-01T00:00:00Z"}, ["to"]),
        ("heat", {"from": "2030-01-01T00:00:00Z", "to": "2029-01-01T00:00:00Z"}, ["from"]),
        ("planned", {"to": "2030-01-01T00:00:00Z", "limit": "0"}, ["limit"]),
    ],
)
def test_questions_without_bounds_are_refused(client, path, query, fields):
    refused(client.get(f"/api/stats/{path}", query_string=query), 400, *fields)


def test_what_ended_badly_is_listed(client):
    job = make(client, scheduled_at="now")
    settle(claim_one(), "failed", error="boom")
    (found,) = get(client, "/api/stats/troubles")["data"]
    assert (found["job_id"], found["status"], found["count"]) == (job["id"], "failed", 1)
    refused(client.get("/api/stats/troubles?hours=0"), 400, "hours")


def rolled(session, job_id, at, runs, **ends):
    counts = {"completed": 0, "failed": 0, "timeouts": 0, "cancelled": 0, **ends}
    zeros = dict.fromkeys(
        ("duration_ms", "cpu_seconds", "cpu_duration_ms", "memory_runs", "memory_bytes"), 0
    )
    figures = {"job_id": job_id, "period_start": at, "runs": runs, **counts, **zeros}
    session.add(JobRollup(period="hour", **figures))


def test_what_ended_is_counted_by_job_and_hour_the_worst_first(client):
    start = now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    good, bad = make(client, name="good")["id"], make(client, name="bad")["id"]
    make(client, name="idle")
    hour = timedelta(hours=1)
    with transaction() as session:
        rolled(session, good, start, 9, completed=9)
        rolled(session, bad, start + hour, 4, completed=1, failed=1, timeouts=1, cancelled=1)
        for outside in (start - hour, start + 2 * hour):
            rolled(session, good, outside, 50, failed=50)
    asked = {"from": to_wire(start + hour / 2), "to": to_wire(start + 2 * hour)}
    assert get(client, "/api/stats/heat", **asked)["data"] == {
        "since": to_wire(start),
        "hours": 2,
        "jobs": [
            {"job_id": bad, "job_name": "bad", "runs": [0, 4], "failed": [0, 2]},
            {"job_id": good, "job_name": "good", "runs": [9, 0], "failed": [0, 0]},
        ],
        "more_jobs": False,
    }


def test_more_jobs_than_a_page_holds_are_said_to_be_left_out(client, monkeypatch):
    monkeypatch.setattr(heat, "MOST_JOBS", 1)
    start = now().replace(minute=0, second=0, microsecond=0)
    jobs = [make(client, name=name)["id"] for name in ("a", "b")]
    with transaction() as session:
        for number, job_id in enumerate(jobs):
            rolled(session, job_id, start, 1 + number, completed=1 + number)
    found = get(client, "/api/stats/heat", **{"from": to_wire(start), "to": in_hours(1)})["data"]
    assert ([one["job_name"] for one in found["jobs"]], found["more_jobs"]) == (["b"], True)
