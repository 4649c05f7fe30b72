"""What a schedule would do, before a job has it, over HTTP."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.domain.schedules.zones import zone_names
from app.models import Job
from app.services.schedules import preview as service
from tests.support.api import fill, get, make, refused

WORKDAYS = {"type": "cron", "expression": "0 9 * * MON-FRI", "timezone": "Europe/Berlin"}
START = "2030-03-29T12:00:00Z"


def ask(client, schedule=WORKDAYS, **over):
    return client.post("/api/schedules/preview", json={"schedule": schedule} | over)


def told(client, schedule=WORKDAYS, **over):
    answer = ask(client, schedule, **over)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def due_at(job_ids, moment):
    with transaction() as session:
        session.execute(sa.update(Job).where(Job.id.in_(job_ids)).values(next_due_at=moment))


def test_moments_are_told_in_utc_and_as_on_the_wall(client):
    found = told(client, **{"from": START}, count=2)
    assert found["next"] == [
        {"utc": "2030-04-01T07:00:00.000Z", "local": "2030-04-01T09:00:00+02:00"},
        {"utc": "2030-04-02T07:00:00.000Z", "local": "2030-04-02T09:00:00+02:00"},
    ]
    assert found["warnings"] == []
    assert "Europe/Berlin" in found["words"]["en"]
    assert "thứ Hai" in found["words"]["vi"]


def test_changes_of_the_clocks_are_told(client):
    nightly = {**WORKDAYS, "expression": "30 2 * * *"}
    found = told(client, nightly, **{"from": START})
    assert found["next"][1]["local"] == "2030-03-31T03:00:00+02:00"
    first, second = found["transitions"][:2]
    assert (first["at"], first["kind"]) == ("2030-03-31T01:00:00.000Z", "gap")
    assert (first["before"], first["after"]) == ("2030-03-31T02:00:00", "2030-03-31T03:00:00")
    assert (first["effect"], second["effect"]) == ("moved", "first")
    assert "do not exist" in first["words"]["en"]
    assert first["words"]["vi"] != first["words"]["en"]


def test_ten_moments_from_now_unless_asked_otherwise(client):
    assert len(told(client)["next"]) == 10
    assert len(told(client, count=100)["next"]) == 100


def test_the_zone_is_the_schedules_own_else_the_given_else_the_default(client):
    plain = {"type": "cron", "expression": "0 9 * * *"}
    assert told(client, plain)["next"][0]["local"].endswith("T09:00:00+00:00")
    tokyo = told(client, plain, timezone="Asia/Tokyo")
    assert tokyo["next"][0]["local"].endswith("T09:00:00+09:00")
    both = told(client, WORKDAYS, timezone="Asia/Tokyo")
    assert both["next"][0]["local"][-6:] in {"+01:00", "+02:00"}
    client.patch("/api/system/config", json={"key": "default_timezone", "value": '"Asia/Kolkata"'})
    assert told(client, plain)["next"][0]["local"].endswith("T09:00:00+05:30")


@pytest.mark.parametrize(
    ("schedule", "says"),
    [
        ({"type": "cron", "expression": "0 0 9 * * *"}, "six fields: the first is the second"),
        ({"type": "cron", "expression": "0 9 1 * MON"}, "either one is enough"),
        ({"type": "cron", "expression": "* * * * * *"}, "fires 3,600 times"),
        ({"type": "fixed_rate", "interval_seconds": 1}, "fires 3,600 times in each hour"),
        ({"type": "cron", "expression": "0 9 * * *", "ends_at": "2020-01-01T00:00:00Z"}, "never"),
    ],
)
def test_what_may_not_be_meant_is_a_warning(client, schedule, says):
    assert any(says in warning for warning in told(client, schedule)["warnings"])


@pytest.mark.parametrize("schedule", [{"type": "manual"}, {"type": "once"}])
def test_what_is_never_due_has_no_moments(client, schedule):
    assert told(client, schedule)["next"] == []


def test_a_moment_in_a_blackout_is_told_to_be_in_one(client):
    black = {**WORKDAYS, "blackouts": [{"from": "2030-04-01", "to": "2030-04-01"}]}
    first, second = told(client, black, **{"from": START}, count=2)["next"]
    assert "2030-04-01" in first["blackout"]
    assert "blackout" not in second


def test_other_jobs_of_the_same_minute_are_told(client):
    first = _moment("2030-04-01T07:00:30+00:00")
    due_at(fill(3), first)
    due_at(fill(1), first + timedelta(days=1))
    due_at(fill(2), first + timedelta(minutes=1))
    said = told(client, **{"from": START})
    assert said["warnings"] == [
        "collides with 3 other jobs at 2030-04-01 09:00",
        "collides with 1 other job at 2030-04-02 09:00",
    ]
    assert [(note["code"], note["params"]) for note in said["notes"]] == [
        ("note_collides", {"count": "3", "at": "2030-04-01 09:00"}),
        ("note_collides_one", {"at": "2030-04-02 09:00"}),
    ]
    assert [note["text"] for note in said["notes"]] == said["warnings"]


def test_a_crowd_is_not_counted_to_its_end(client, monkeypatch):
    monkeypatch.setattr(service, "_MOST", 3)
    due_at(fill(5), _moment("2030-04-01T07:00:00+00:00"))
    found = told(client, **{"from": START})["warnings"]
    assert found == ["collides with more than 3 other jobs at 2030-04-01 09:00"]


# What PostgreSQL plans depends on how many rows there are.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_crowd_is_found_by_an_index(client):
    with transaction() as session:
        query = sa.select(service._jobs_in(_moment("2030-04-01T07:00:00+00:00")))
        text = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")).all()
    assert any("ix_jobs_next_due_at" in str(row) for row in plan), plan


def _moment(text):
    return datetime.fromisoformat(text)


def test_all_that_is_wrong_is_said_at_once(client):
    wrong = {"type": "cron", "expression": "60 * * * *", "dialect": "vixie"}
    answer = ask(client, wrong, count=0, timezone="Mars/Base", **{"from": "soon", "colour": 1})
    body = refused(answer, 400)
    fields = {fault["field"] for fault in body["details"]}
    assert {"count", "timezone", "from", "colour", "schedule.dialect"} <= fields


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "schedule"),
        ({"schedule": None}, "schedule"),
        ({"schedule": "0 9 * * *"}, "schedule"),
        ({"schedule": {}}, "schedule.type"),
        ({"schedule": WORKDAYS, "count": 101}, "count"),
        ({"schedule": WORKDAYS, "count": True}, "count"),
        ({"schedule": WORKDAYS, "from": "2030-01-01T00:00:00"}, "from"),
    ],
)
def test_what_is_no_question_is_refused_by_its_field(client, body, field):
    refused(client.post("/api/schedules/preview", json=body), 400, field)


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("0001-01-01T00:00:00Z", 400),
        ("1970-01-01T00:00:00Z", 200),
        ("9899-12-31T23:59:59Z", 200),
        ("9900-12-31T23:59:59Z", 200),
        ("9999-12-31T23:59:59Z", 400),
    ],
)
@pytest.mark.parametrize(
    "schedule",
    [
        *(WORKDAYS, {"type": "cron", "expression": "* * * * * *", "timezone": "Asia/Tokyo"}),
        *({"type": "fixed_rate", "interval_seconds": 60}, {"type": "calendar", "hours": [3]}),
        *({"type": "fixed_delay", "delay_seconds": 60}, {"type": "manual"}),
    ],
)
def test_the_ends_of_the_calendar_are_no_error_of_ours(client, schedule, start, status):
    answer = ask(client, schedule, count=100, **{"from": start})
    assert answer.status_code == status, answer.text


def test_zones_are_names_and_no_paths(client):
    assert "Europe/Berlin" in zone_names()
    refused(ask(client, timezone="../../etc/passwd"), 400, "timezone")


class TestWarningsOfJobs:
    SIX = {"type": "cron", "expression": "0 0 9 * * *"}

    def test_a_job_that_is_made_or_changed_is_warned_of(self, client):
        job = make(client, scheduled_at=..., schedule=self.SIX)
        assert "six fields" in job["warnings"][0]
        changed = client.patch(f"/api/jobs/{job['id']}", json={"name": "other"}).json["data"]
        assert changed["warnings"] == job["warnings"]
        fine = client.patch(f"/api/jobs/{job['id']}", json={"schedule": WORKDAYS}).json["data"]
        assert "warnings" not in fine

    def test_what_is_only_looked_at_or_meant_has_none(self, client):
        job = make(client, scheduled_at=..., schedule=self.SIX)
        assert "warnings" not in get(client, f"/api/jobs/{job['id']}")["data"]
        assert "warnings" not in make(client)
        assert "warnings" not in make(client, scheduled_at=..., schedule=WORKDAYS)
