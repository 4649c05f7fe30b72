"""Making, reading, changing and deleting jobs over HTTP."""

import json
from datetime import timedelta

import pytest

from app.domain.clock import now, to_wire
from tests.support.api import LATER, claim_one, get, make, refused, rows_of, settle, wish

DAY = timedelta(days=1)


def error_of(answer):
    return refused(answer, 400)["error"]


def test_a_job_for_later_is_scheduled_with_one_planned_execution(client):
    job = make(client, name="backup", priority=7, timezone="Asia/Tokyo", description="all of it")
    assert (job["status"], job["priority"], job["timezone"]) == ("scheduled", 7, "Asia/Tokyo")
    assert job["scheduled_at"] == job["next_due_at"] == "2100-01-01T00:00:00.000Z"
    assert json.loads(job["config"]) == job["spec"] == {"script": "echo hi"}
    assert len(job["id"]) == 32
    (row,) = rows_of(client, job["id"])
    assert (row["status"], row["origin"], row["number"]) == ("scheduled", "schedule", 1)


@pytest.mark.parametrize(
    "body", [{"scheduled_at": "now"}, {"scheduled_at": ..., "immediate": True}]
)
def test_a_job_for_now_is_queued_at_once(client, body):
    job = make(client, **body)
    (row,) = rows_of(client, job["id"])
    assert (row["status"], row["origin"]) == ("queued", "api")
    assert claim_one().job_id == job["id"]
    assert get(client, f"/api/jobs/{job['id']}")["data"]["status"] == "running"


def test_immediate_false_beside_a_date_is_fine(client):
    assert make(client, immediate=False)["scheduled_at"] == "2100-01-01T00:00:00.000Z"


def test_neither_a_date_nor_immediate_is_refused(client):
    for body in ({"scheduled_at": ...}, {"scheduled_at": "", "immediate": False}):
        answer = client.post("/api/jobs", json=wish(**body))
        assert error_of(answer) == "scheduled_at is required when immediate is false"


def test_the_past_is_refused_in_these_words(client):
    answer = client.post("/api/jobs", json=wish(scheduled_at=to_wire(now() - DAY)))
    assert error_of(answer) == "schedule time must be in the future"


@pytest.mark.parametrize("priority", [11, -1])
def test_a_priority_out_of_range_is_refused_in_these_words(client, priority):
    answer = client.post("/api/jobs", json=wish(priority=priority))
    assert error_of(answer) == "priority must be between 1 and 10"


def test_the_defaults_are_those_of_the_system(client):
    client.patch("/api/system/config", json={"key": "default_priority", "value": "3"})
    client.patch("/api/system/config", json={"key": "default_timezone", "value": '"Asia/Tokyo"'})
    for body in ({}, {"priority": 0, "timezone": ""}, {"priority": None, "timezone": None}):
        job = make(client, **body)
        assert (job["priority"], job["timezone"]) == (3, "Asia/Tokyo")


def test_all_faults_are_listed_at_once_in_their_order(client):
    body = wish(
        name=" ",
        type="shel",
        scheduled_at="yesterday",
        priority=11,
        project_id="nowhere",
        queue="chores",
        colour="red",
    )
    refused(
        client.post("/api/jobs", json=body),
        400,
        "type",
        "scheduled_at",
        "priority",
        "project_id",
        "name",
        "queue",
        "colour",
    )


def test_faults_of_the_config_carry_their_path(client):
    body = wish(type="http", config={"url": "example.com", "timeout": "soon"})
    refused(client.post("/api/jobs", json=body), 400, "config.url", "config.timeout")
    refused(client.post("/api/jobs", json=wish(config={})), 400, "config.script")
    refused(client.post("/api/jobs", json=wish(config="[1]")), 400, "config")
    refused(client.post("/api/jobs", json=wish(config="{")), 400, "config")
    refused(client.post("/api/jobs", json={"scheduled_at": LATER}), 400, "type", "config", "name")


def test_values_in_faults_are_shortened(client):
    fault = refused(client.post("/api/jobs", json=wish(queue="x" * 5000)), 400)["details"][0]
    assert len(fault["value"]) == 100


def test_the_config_may_be_a_text(client):
    job = make(client, config='{"script": "true", "env": {}, "workdir": ""}')
    assert job["spec"] == {"script": "true"}
    assert json.loads(job["config"]) == {"script": "true"}


@pytest.mark.parametrize(
    "name", ["", "   ", "x" * 256, "a\nb", "a\tb", "\u202egnp.exe", "bell\a", 5, ["a"]]
)
def test_a_name_that_is_none_is_refused(client, name):
    refused(client.post("/api/jobs", json=wish(name=name)), 400, "name")


@pytest.mark.parametrize("name", ["../x", "a/b", "-x", "🙂", "x" * 255, "Đồng bộ dữ liệu"])
def test_any_printable_name_will_do_and_twins_are_welcome(client, name):
    assert [make(client, name=name)["name"] for _ in range(2)] == [name, name]


def test_names_are_kept_in_one_form(client):
    assert make(client, name="Cafe\u0301")["name"] == "Caf\u00e9"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("enabled", "true"),
        ("enabled", 1),
        ("immediate", "true"),
        ("immediate", 1),
        ("priority", "5"),
        ("priority", True),
        ("priority", 5.0),
        ("timezone", "Mars/Olympus"),
        ("timezone", "../etc/passwd"),
        ("queue", "a b"),
        ("queue", "dispatch"),
        ("timeout_seconds", 0),
        ("timeout_seconds", 604_801),
        ("on_lost", "maybe"),
        ("overlap", "all"),
        ("keep_last", 0),
        ("retention_days", 0),
        ("description", "x" * 10_001),
        ("tag_ids", ["nothing"]),
        ("tag_ids", "backup"),
        ("project_id", "0" * 32),
        ("scheduled_at", 5),
        ("scheduled_at", "2026-13-01T00:00:00Z"),
        ("scheduled_at", "2100-01-01T00:00:00"),
        ("id", "0" * 32),
        ("status", "running"),
        ("created_at", LATER),
        ("version", 7),
        ("uid", 0),
    ],
)
def test_a_bad_value_is_refused_and_nothing_is_made(client, field, value):
    found = refused(client.post("/api/jobs", json=wish(**{field: value})), 400)["details"]
    assert {fault["field"].split(".")[0] for fault in found} == {field}
    assert get(client, "/api/jobs")["total"] == 0


def test_an_external_id_is_unique(client):
    job = make(client, external_id="order-1")
    assert job["external_id"] == "order-1"
    refused(client.post("/api/jobs", json=wish(external_id="order-1")), 409)
    assert make(client, external_id="")["external_id"] is None
    assert make(client, external_id=None)["external_id"] is None


def test_a_new_queue_is_known_from_then_on(client):
    make(client, queue="reports")
    make(client, queue="reports")
    assert make(client)["queue"] == "default"


def test_a_job_is_found_by_its_id_in_any_form(client):
    job = make(client)
    plain = job["id"]
    dashed = f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}"
    for form in (plain, dashed, dashed.upper()):
        answer = client.get(f"/api/jobs/{form}")
        assert answer.json["data"]["id"] == plain
        assert answer.headers["ETag"] == '"1"'


@pytest.mark.parametrize(
    "text", ["abc", "0", "-1", str(2**64), "0" * 32, "{" + "0" * 32 + "}", "a" * 3000]
)
@pytest.mark.parametrize("what", ["jobs", "executions", "projects", "tags"])
def test_an_unknown_id_is_not_found(client, what, text):
    assert refused(client.get(f"/api/{what}/{text}"), 404)["code"] == "NOT_FOUND"


@pytest.mark.parametrize("method", ["patch", "put"])
def test_a_scheduled_job_can_be_edited(client, method):
    job = make(client)
    tag = get(client, "/api/tags")["data"][0]
    body = {
        "name": "other",
        "config": {"script": "true"},
        "scheduled_at": "2101-01-01T00:00:00Z",
        "priority": 9,
        "queue": "reports",
        "tag_ids": [tag["id"]],
        "on_lost": "retry",
        "description": "new",
    }
    answer = getattr(client, method)(f"/api/jobs/{job['id']}", json=body)
    changed = answer.json["data"]
    assert answer.headers["ETag"] == '"2"'
    assert {name: changed[name] for name in ("name", "priority", "queue", "description")} == {
        "name": "other",
        "priority": 9,
        "queue": "reports",
        "description": "new",
    }
    assert [t["name"] for t in changed["tags"]] == [tag["name"]]
    assert changed["next_due_at"] == "2101-01-01T00:00:00.000Z"
    (row,) = rows_of(client, job["id"])
    assert (row["queue"], row["priority"], row["status"]) == ("reports", 9, "scheduled")


def test_tags_can_be_cleared(client):
    tag = get(client, "/api/tags")["data"][0]["id"]
    job = make(client, tag_ids=[tag, tag])
    assert len(job["tags"]) == 1
    changed = client.patch(f"/api/jobs/{job['id']}", json={"tag_ids": []}).json["data"]
    assert "tags" not in changed


def test_an_optional_field_is_cleared_by_null(client):
    job = make(client, description="x", timeout_seconds=5)
    body = {"description": None, "timeout_seconds": None, "name": None}
    changed = client.patch(f"/api/jobs/{job['id']}", json=body).json["data"]
    assert (changed["description"], changed["timeout_seconds"]) == (None, None)
    assert changed["name"] == job["name"]


def test_an_edit_that_says_nothing_changes_nothing(client):
    job = make(client)
    assert client.patch(f"/api/jobs/{job['id']}", json={}).json["data"]["version"] == 1


def test_now_moves_a_planned_job_to_its_queue(client):
    job = make(client)
    client.patch(f"/api/jobs/{job['id']}", json={"scheduled_at": "now"})
    (row,) = rows_of(client, job["id"])
    assert row["status"] == "queued"
    assert claim_one().id == row["id"]


def test_a_queued_job_can_be_put_off(client):
    job = make(client, scheduled_at="now")
    client.patch(f"/api/jobs/{job['id']}", json={"scheduled_at": LATER})
    (row,) = rows_of(client, job["id"])
    assert (row["status"], row["queued_at"]) == ("scheduled", None)


def test_the_type_stays(client):
    job = make(client)
    url = f"/api/jobs/{job['id']}"
    refused(client.patch(url, json={"type": "http"}), 400, "type")
    assert client.patch(url, json={"type": "shell"}).status_code == 200
    refused(client.patch(url, json={"scheduled_at": "2001-01-01T00:00:00Z"}), 400, "scheduled_at")


def test_a_job_that_runs_or_has_ended_is_not_edited(client):
    job = make(client, scheduled_at="now")
    claim = claim_one()
    refused(client.patch(f"/api/jobs/{job['id']}", json={"name": "b"}), 409)
    settle(claim)
    assert (
        "completed"
        in refused(client.patch(f"/api/jobs/{job['id']}", json={"name": "b"}), 409)["error"]
    )


@pytest.mark.parametrize(
    ("given", "status"), [('"1"', 200), ("1", 200), ('W/"1"', 200), ("*", 200)]
)
def test_if_match_with_the_present_version_passes(client, given, status):
    job = make(client)
    answer = client.patch(f"/api/jobs/{job['id']}", json={"name": "b"}, headers={"If-Match": given})
    assert answer.status_code == status


@pytest.mark.parametrize("given", ['"1"', "7", "abc"])
def test_a_stale_if_match_is_refused_with_the_present_version(client, given):
    url = f"/api/jobs/{make(client)['id']}"
    client.patch(url, json={"name": "b"})
    answer = client.patch(url, json={"name": "c"}, headers={"If-Match": given})
    assert refused(answer, 409)["details"] == {"version": 2}
    assert get(client, url)["data"]["name"] == "b"


def test_status_cancelled_cancels(client):
    url = f"/api/jobs/{make(client)['id']}"
    refused(client.patch(url, json={"status": "completed"}), 400, "status")
    assert client.patch(url, json={"status": "scheduled"}).json["data"]["version"] == 1
    assert client.patch(url, json={"status": "cancelled"}).json["data"]["status"] == "cancelled"


def test_a_disabled_job_does_not_run_and_an_enabled_one_does_again(client):
    job = make(client)
    url = f"/api/jobs/{job['id']}"
    changed = client.patch(url, json={"enabled": False}).json["data"]
    assert (changed["status"], changed["enabled"], changed["next_due_at"]) == (
        "scheduled",
        False,
        None,
    )
    (row,) = rows_of(client, job["id"])
    assert (row["status"], row["reason"]) == ("cancelled", "job disabled")
    assert "disabled" in refused(client.post(f"{url}/execute"), 409)["error"]
    changed = client.patch(url, json={"enabled": True}).json["data"]
    assert changed["next_due_at"] == job["scheduled_at"]
    (row,) = rows_of(client, job["id"])
    assert (row["status"], row["reason"]) == ("scheduled", None)


def test_a_job_enabled_after_its_moment_runs_now(client):
    job = make(client, scheduled_at="now", enabled=False)
    assert rows_of(client, job["id"]) == []
    client.patch(f"/api/jobs/{job['id']}", json={"enabled": True})
    assert claim_one().job_id == job["id"]


def test_a_cancelled_job_can_still_be_enabled(client):
    job = make(client, enabled=False)
    url = f"/api/jobs/{job['id']}"
    assert client.post(f"{url}/cancel").status_code == 200
    assert client.patch(url, json={"enabled": True}).json["data"]["status"] == "cancelled"
    assert client.post(f"{url}/execute").status_code == 200


def test_a_deleted_job_is_gone_with_its_executions(client):
    job = make(client)
    (row,) = rows_of(client, job["id"])
    assert client.delete(f"/api/jobs/{job['id']}", json={"ignored": 1}).status_code == 204
    refused(client.get(f"/api/jobs/{job['id']}"), 404)
    refused(client.get(f"/api/executions/{row['id']}"), 404)
    refused(client.delete(f"/api/jobs/{job['id']}"), 404)
    assert get(client, "/api/jobs")["total"] == 0


def test_a_running_job_is_not_deleted(client):
    job = make(client, scheduled_at="now")
    claim_one()
    assert "cancel it first" in refused(client.delete(f"/api/jobs/{job['id']}"), 409)["error"]


def test_a_clone_keeps_settings_and_tags(client):
    tag = get(client, "/api/tags")["data"][0]["id"]
    job = make(client, tag_ids=[tag], priority=8, queue="q", external_id="e", timeout_seconds=9)
    answer = client.post(f"/api/jobs/{job['id']}/clone", json={"scheduled_at": "now"})
    assert answer.status_code == 201
    clone = answer.json["data"]
    assert clone["name"] == "a job (clone)"
    assert clone["external_id"] is None
    for same in ("config", "priority", "queue", "timezone", "tags", "timeout_seconds"):
        assert clone[same] == job[same]
    assert clone["id"] != job["id"]


def test_the_name_of_a_clone_stays_within_its_limit(client):
    job = make(client, name="x" * 255)
    url = f"/api/jobs/{job['id']}/clone"
    name = client.post(url, json={"scheduled_at": LATER}).json["data"]["name"]
    assert (len(name), name[-8:]) == (255, " (clone)")
    named = client.post(url, json={"scheduled_at": LATER, "name": "mine"}).json["data"]["name"]
    assert named == "mine"
    refused(client.post(url, json={}), 400, "scheduled_at")
    refused(client.post(url, json={"scheduled_at": "2001-01-01T00:00:00Z"}), 400, "scheduled_at")


def test_the_same_key_makes_one_job(client):
    first, second = (
        client.post("/api/jobs", json=wish(), headers={"Idempotency-Key": "k"}) for _ in range(2)
    )
    assert first.json == second.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert get(client, "/api/jobs")["total"] == 1
    other = client.post("/api/jobs", json=wish(name="b"), headers={"Idempotency-Key": "k"})
    refused(other, 409)
