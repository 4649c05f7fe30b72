"""What ran and what is planned, along the time, over HTTP."""

from datetime import timedelta

import pytest

from app.domain.clock import now, to_wire
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
