"""The audit log over HTTP: what requests leave in it, and how it is read."""

import csv
import io

import orjson
import pytest
import sqlalchemy as sa

from app.api.gate import recording
from app.db import reading, transaction
from app.factory import create_app
from app.models import AuditEntry
from app.services import api_keys, audit
from app.services.audit import chain
from app.services.audit.folding import WINDOW_SECONDS
from app.settings import Settings
from tests.support.api import get, make, refused, walk, wish

PATH = "/api/audit"


def rows():
    with reading() as session:
        return [*session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


def last():
    return rows()[-1]


def detail_of(row):
    return orjson.loads(row.detail) if row.detail else {}


def change(row, kind):
    (found,) = [one for one in detail_of(row)["changes"] if one["kind"] == kind]
    return found


@pytest.fixture
def guarded(real_broker):
    """A client of an API that asks for keys."""
    return create_app(Settings(auth_enabled=True)).test_client()


def key_for(scopes, name="k"):
    with transaction() as session:
        made = api_keys.create(session, {"name": name, "scopes": scopes}, "test")
    return {"X-API-Key": made["key"]}, made


def test_a_job_made_changed_and_deleted_is_told_with_before_and_after(client):
    job = make(client, name="nightly")
    row = last()
    assert (row.action, row.result) == ("jobs.create_job", "done")
    assert (row.target_kind, row.target_id, row.target_name) == ("job", job["id"], "nightly")
    assert row.project_id == "default"
    client.patch(f"/api/jobs/{job['id']}", json={"name": "daily", "priority": 9})
    row = last()
    values = change(row, "job")["values"]
    assert (values["name"], values["priority"]) == (["nightly", "daily"], [5, 9])
    assert detail_of(row)["fields"] == ["name", "priority"]
    client.delete(f"/api/jobs/{job['id']}")
    row = last()
    assert (row.action, row.target_id, row.target_name) == ("jobs.delete_job", job["id"], "daily")


def test_a_run_and_its_cancelling_are_told(client):
    job = make(client)
    started = client.post(f"/api/jobs/{job['id']}/execute").json["data"]
    assert (last().action, last().target_id) == ("jobs.execute_job", job["id"])
    client.post(f"/api/executions/{started['execution_id']}/cancel")
    row = last()
    assert (row.action, row.target_kind) == ("executions.cancel_execution", "execution")
    assert row.target_id == started["execution_id"]


def test_settings_and_queues_are_told_with_before_and_after(client):
    for value in ("40", "50"):
        client.patch("/api/system/config", json={"key": "log_retention_days", "value": value})
    told = change(last(), "config")
    assert (told["id"], told["values"]["value"]) == ("log_retention_days", ["40", "50"])
    client.put("/api/queues/default", json={"limit": 3})
    row = last()
    assert (row.target_kind, row.target_name) == ("queue", "default")
    assert change(row, "queue")["values"]["max_running"] == [None, 3]


def test_keys_made_and_revoked_are_told_without_the_key(client):
    made = client.post("/api/api-keys", json={"name": "ci"}).json["data"]
    row = last()
    assert (row.action, row.target_id, row.target_name) == (
        "api_keys.create_api_key",
        made["id"],
        "ci",
    )
    client.post(f"/api/api-keys/{made['id']}/revoke")
    assert change(last(), "api_key")["values"]["is_active"] == [True, False]
    text = "".join(row.detail or "" for row in rows())
    assert made["key"] not in text
    assert change(rows()[0], "api_key")["values"]["key_hash"] == [None, "***"]


def test_no_secret_that_a_request_brings_gets_into_the_log(client):
    secret = "s3cr3t-marker"
    config = {
        "url": f"https://example.com/x?token={secret}",
        "method": "POST",
        "headers": {"Authorization": f"Bearer {secret}", "X-Api-Key": secret},
        "body": secret,
    }
    job = make(client, type="http", config=config)
    client.patch(f"/api/jobs/{job['id']}", json={"config": config | {"timeout_seconds": 4}})
    shell = make(client, config={"script": f"echo {secret}", "env": {"PASSWORD": secret}})
    client.patch(f"/api/jobs/{shell['id']}", json={"config": {"script": f"x {secret}"}})
    given = {"env": {"PASSWORD": secret}}
    assert client.post(f"/api/jobs/{shell['id']}/execute", json=given).status_code == 200
    made = client.post(
        "/api/webhooks",
        json={
            "name": "w",
            "url": f"https://example.com/hooks/{secret}?k={secret}",
            "events": "job.completed",
        },
    )
    assert made.status_code == 201, made.text
    hook = made.json["data"]
    rotated = client.post(f"/api/webhooks/{hook['id']}/rotate-secret")
    assert rotated.status_code == 200, rotated.text
    client.post("/api/jobs", json={"name": "x", "type": "shell", "password": secret})
    client.post("/api/jobs", json=wish(config={"script": secret, "no": secret}))
    found = [row for row in rows() if secret in (row.detail or "") + str(row.target_name)]
    assert found == []
    text = "".join(row.detail or "" for row in rows())
    assert rotated.json["data"]["secret"] not in text
    assert len(rows()) == 8  # two refusals were alike


def test_a_failed_change_leaves_a_row_with_its_status_and_code(client):
    refused(client.patch(f"/api/jobs/{'a' * 32}", json={"name": "x"}), 404)
    row = last()
    assert (row.action, row.result, row.target_id) == ("jobs.update_job", "failed", "a" * 32)
    assert detail_of(row) == {"fields": ["name"], "status": 404, "code": "NOT_FOUND"}


def test_a_change_that_was_rolled_back_is_told_as_failed_without_its_changes(client, monkeypatch):
    job = make(client)

    def broken(*_):
        raise RuntimeError("after the flush")

    monkeypatch.setattr("app.services.jobs.edits.views.one", broken)
    client.application.testing = False
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = client.patch(f"/api/jobs/{job['id']}", json={"name": "other"})
    client.application.config["PROPAGATE_EXCEPTIONS"] = None
    monkeypatch.undo()
    assert answer.status_code == 500
    row = last()
    assert (row.action, row.result) == ("jobs.update_job", "failed")
    assert "changes" not in detail_of(row)
    assert get(client, f"/api/jobs/{job['id']}")["data"]["name"] == job["name"]


def test_a_replayed_answer_is_no_new_deed(client):
    headers = {"Idempotency-Key": "one"}
    for _ in range(3):
        assert client.post("/api/jobs", json=wish(), headers=headers).status_code == 201
    assert [row.action for row in rows()] == ["jobs.create_job"]


def test_reading_leaves_no_row_but_reading_this_log_does(client):
    make(client)
    for path in ("/api/jobs", "/api/executions", "/api/system/status", "/api/projects"):
        get(client, path)
    client.post(
        "/api/schedules/preview", json={"schedule": {"kind": "cron", "expression": "* * * * *"}}
    )
    assert len(rows()) == 1
    get(client, PATH)
    client.get(f"{PATH}/export").close()
    assert [row.action for row in rows()[1:]] == ["audit.list_audit_log", "audit.export_audit_log"]


def test_who_is_denied_is_told_with_the_key_and_what_was_wanted(guarded):
    headers, made = key_for("read", "reader")
    assert guarded.post("/api/jobs", json=wish(), headers=headers).status_code == 403
    row = last()
    assert (row.actor, row.key_id, row.result) == ("key:reader", made["id"], "denied")
    assert (row.action, detail_of(row)["status"]) == ("jobs.create_job", 403)
    assert guarded.get("/api/api-keys", headers=headers).status_code == 403
    assert (last().action, last().result) == ("api_keys.list_api_keys", "denied")
    assert guarded.get("/api/audit", headers=headers).status_code == 403


def test_a_wrong_key_is_told_and_a_stranger_without_one_is_not(guarded):
    assert guarded.post("/api/jobs", json=wish()).status_code == 401
    assert rows() == []
    answer = guarded.post("/api/jobs", json=wish(), headers={"X-API-Key": "oneoff_" + "x" * 43})
    assert answer.status_code == 401
    assert (last().actor, last().result, last().key_id) == ("anonymous", "denied", None)
    assert "oneoff_" not in last().detail


def test_a_foreign_page_is_told(client):
    answer = client.post("/api/jobs", json=wish(), headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert (last().action, last().result) == ("jobs.create_job", "denied")


def test_a_flood_of_refusals_fills_no_table(guarded, monkeypatch):
    for _ in range(200):
        guarded.post("/api/jobs", json=wish(), headers={"X-API-Key": "wrong"})
    assert len(rows()) == 1
    fold = guarded.application.extensions["audit_fold"]
    later = fold.clock() + WINDOW_SECONDS
    monkeypatch.setattr(fold, "clock", lambda: later)
    guarded.get("/health")
    assert detail_of(last()) == {"repeated": 199, "status": 401, "code": "INVALID_TOKEN"}
    assert len(rows()) == 2


def test_names_with_escape_sequences_do_not_act(client):
    client.delete("/api/queues/x%0a%1b[2Ky/nothing")
    client.put("/api/queues/a%0aadmin%20did%20it%1b%5b2K", json={"limit": 1})
    row = last()
    assert row.action == "queues.update_queue"
    assert row.target_id == "a\\x0aadmin did it\\x1b[2K"


def test_the_log_is_listed_newest_first_by_cursor_and_by_alias(client):
    for number in range(5):
        make(client, name=f"j{number}")
    found, _ = walk(client, PATH, limit=2, action="jobs.")
    assert [row["target_name"] for row in found] == [f"j{n}" for n in (4, 3, 2, 1, 0)]
    assert get(client, "/api/system/audit-logs", action="jobs.")["total"] == 5
    one = found[0]
    assert (one["actor"], one["result"], one["sequence"]) == ("anonymous", "done", None)
    with transaction() as session:
        assert chain.seal(session)
    assert get(client, PATH, action="jobs.", sort_order="asc")["data"][0]["sequence"] == 1


def test_filters_narrow_the_list(client):
    job = make(client, name="needle %_x")
    make(client, name="other")
    refused(client.post("/api/jobs", json={}), 400)

    def count(**query):
        return get(client, PATH, **{"action": "jobs."} | query)["total"]

    assert count() == 3
    assert count(result="failed") == 1
    assert count(target_id=job["id"]) == 1
    assert count(target_kind="job") == 2
    assert count(actor="anonymous") == 3
    assert count(actor="user:nobody") == 0
    assert count(address="127.0.0.1") == 3
    assert count(search="NEEDLE %_") == 1
    assert count(search="needle __x") == 0
    assert count(**{"from": "2100-01-01T00:00:00Z"}) == 0
    assert count(to="2100-01-01T00:00:00Z") == 3
    assert count(action="jobs.create_job") == 3
    assert count(action="jobs.update") == 0
    refused(
        client.get(
            PATH, query_string={"from": "2030-01-02T00:00:00Z", "to": "2030-01-01T00:00:00Z"}
        ),
        400,
        "from",
    )
    refused(client.get(PATH, query_string={"result": "maybe"}), 400, "result")


def test_an_export_holds_every_row_and_is_told_itself(client):
    with transaction() as session:
        for number in range(1203):
            audit.note(session, "test.note", ("job", str(number), None))
    answer = client.get(f"{PATH}/export?action=test.")
    lines = [orjson.loads(line) for line in answer.get_data().splitlines()]
    assert sorted(int(line["target_id"]) for line in lines) == [*range(1203)]
    row = last()
    assert (row.action, detail_of(row)["format"]) == ("audit.export_audit_log", "jsonl")
    assert detail_of(row)["filters"] == {"action": "test."}


def test_a_spreadsheet_takes_nothing_in_an_export_for_a_formula(client):
    with transaction() as session:
        audit.note(session, "=1+1", ("job", "@SUM(A1)", "-2+3\n=4"), {"a": "=5"})
    answer = client.get(f"{PATH}/export", query_string={"format": "csv", "search": "SUM"})
    head, row, _own = csv.reader(io.StringIO(answer.text))  # the export finds itself too
    found = dict(zip(head, row, strict=True))
    assert (found["action"], found["target_id"]) == ("'=1+1", "'@SUM(A1)")
    assert found["target_name"] == "'-2+3\\x0a=4"
    assert found["at"].endswith("Z")


def test_an_export_that_can_not_be_is_refused_before_it_begins(client):
    refused(client.get(f"{PATH}/export?format=xml"), 400, "format")


def test_a_database_that_takes_no_row_changes_no_answer(client, monkeypatch):
    job = "a" * 32

    def broken(*_, **__):
        raise sa.exc.OperationalError("INSERT", {}, Exception("full"))

    monkeypatch.setattr("app.services.audit.notes.add", broken)
    assert client.patch(f"/api/jobs/{job}", json={"name": "x"}).status_code == 404


def test_a_change_whose_row_can_not_be_written_is_not_made(client, monkeypatch):
    def broken(*_, **__):
        raise sa.exc.OperationalError("INSERT", {}, Exception("full"))

    monkeypatch.setattr("app.services.audit.notes.add", broken)
    assert client.post("/api/jobs", json=wish(name="unseen")).status_code >= 500
    monkeypatch.undo()
    assert get(client, "/api/jobs", search="unseen")["total"] == 0


def test_readings_by_post_are_known_routes(client):
    endpoints = {rule.endpoint for rule in client.application.url_map.iter_rules()}
    assert endpoints >= recording.READINGS | recording.WATCHED | recording.TOLD


def test_jobs_made_together_are_told_one_by_one(client):
    client.post("/api/jobs/bulk", json={"jobs": [wish(name=f"j{n}") for n in range(60)]})
    row = last()
    told = detail_of(row)
    assert [one["name"] for one in told["changes"]] == [f"j{n}" for n in range(50)]
    assert told["more_changes"] == 10
    assert row.target_id is None


def test_a_list_of_definitions_is_told_with_what_became_of_it(client):
    job = wish(external_id="e1")
    answer = client.post("/api/jobs/sync", json={"source": "repo", "jobs": [job]})
    assert answer.status_code == 200, answer.text
    row = last()
    assert (row.target_kind, row.target_id) == ("source", "repo")
    assert detail_of(row)["outcomes"] == {"created": 1}


def test_a_start_names_its_execution_and_a_batch_its_filters(client):
    job = make(client)
    started = client.post(f"/api/jobs/{job['id']}/execute").json["data"]
    assert detail_of(last())["execution_id"] == started["execution_id"]
    client.post("/api/dead-letters/discard", json={"job_id": job["id"]})
    assert detail_of(last())["filters"] == {"job_id": job["id"]}
