"""Executions, and what they printed, deleted on purpose."""

import orjson
import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.factory import create_app
from app.models import (
    AuditEntry,
    ChainRun,
    Execution,
    ExecutionLog,
    Job,
    Webhook,
    WebhookDelivery,
)
from app.services import api_keys, totals
from app.settings import Settings
from tests.support.api import get, make, refused
from tests.support.rows import make_execution, make_job

SECRET = "hunter2-printed"


def printed(status="failed", **over):
    """Make an execution that has printed a secret; return its id."""
    with transaction() as session:
        values = {"error": f"bad: {SECRET}", "error_code": "EXIT_CODE", "exit_code": 3}
        values |= {"output_tail": f"{SECRET}\n", "output_truncated": True} | over
        row_id = make_execution(session, make_job(session), status, **values)
        body = orjson.dumps([["stdout", 0, f"{SECRET}\n"]]).decode()
        for first in (1, 2):
            session.add(
                ExecutionLog(
                    execution_id=row_id,
                    first_number=first,
                    last_number=first,
                    logged_at=now(),
                    body=body,
                )
            )
    return row_id


def everything():
    """Return the text of all rows of all tables."""
    found = []
    with reading() as session:
        for model in (Execution, ExecutionLog, ChainRun, WebhookDelivery, AuditEntry):
            found += [str(row) for row in session.execute(sa.select(model.__table__))]
    return "\n".join(found)


def count():
    with reading() as session:
        return totals.of(session, "executions")


def last_deed():
    with reading() as session:
        return session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()


def test_a_purged_execution_is_gone_with_its_output_and_the_counters_know(client):
    row_id, kept = printed(), printed(error=None, output_tail="other", status="completed")
    with transaction() as session:
        session.execute(sa.delete(ExecutionLog).where(ExecutionLog.execution_id == kept))
    before = count()
    answer = client.delete(f"/api/executions/{row_id}", query_string={"reason": "printed a key"})
    assert answer.status_code == 204, answer.text
    assert count() == before - 1
    refused(client.get(f"/api/executions/{row_id}"), 404)
    assert SECRET not in everything()
    deed = last_deed()
    assert (deed.action, deed.target_id, deed.actor) == (
        "purges.purge_execution",
        row_id,
        "anonymous",
    )
    assert orjson.loads(deed.detail)["reason"] == "printed a key"
    refused(client.delete(f"/api/executions/{row_id}"), 404)
    assert get(client, f"/api/executions/{kept}")["data"]["output"] == "other"


def test_purged_output_leaves_how_it_ended_and_who_purged_it(client):
    row_id = printed()
    before = count()
    assert client.delete(f"/api/executions/{row_id}/output").status_code == 204
    found = get(client, f"/api/executions/{row_id}")["data"]
    assert (found["status"], found["exit_code"], found["error_code"]) == ("failed", 3, "EXIT_CODE")
    assert (found["output_purged_by"], found["error"]) == ("anonymous", "removed on purpose")
    assert found["output_purged_at"]
    assert "output" not in found
    assert get(client, f"/api/executions/{row_id}/logs")["data"] == []
    assert SECRET not in everything()
    assert count() == before
    assert last_deed().action == "purges.purge_output"
    assert client.delete(f"/api/executions/{row_id}/output").status_code == 204


@pytest.mark.parametrize("status", ["scheduled", "queued", "running"])
@pytest.mark.parametrize("what", ["", "/output"])
def test_what_has_not_ended_can_not_be_purged(client, status, what):
    row_id = printed(status)
    answer = client.delete(f"/api/executions/{row_id}{what}")
    assert status in refused(answer, 409)["error"]
    assert get(client, f"/api/executions/{row_id}")["data"]["status"] == status
    assert last_deed().result == "failed"


def in_chain(status):
    run_id = new_id()
    row_id = printed()
    links = [{"index": 1, "status": "failed", "outcome": "failure", "reason": f"bad: {SECRET}"}]
    with transaction() as session:
        chain_id = new_id()
        session.execute(
            sa.text(
                "INSERT INTO chains (id, name, project_id, last_number, enabled, fires, created_at,"
                " updated_at) SELECT :id, 'c', 'default', 1, true, 0, created_at, created_at"
                " FROM projects WHERE id = 'default'"
            ),
            {"id": chain_id},
        )
        session.add(
            ChainRun(
                id=run_id,
                chain_id=chain_id,
                number=1,
                status=status,
                origin="api",
                links=orjson.dumps(links).decode(),
                started_at=now(),
                advanced_at=now(),
                error=f"link 1 ended failed: bad: {SECRET}",
            )
        )
        session.execute(
            sa.update(Execution)
            .where(Execution.id == row_id)
            .values(chain_run_id=run_id, link_index=1)
        )
    return row_id


@pytest.mark.parametrize("what", ["", "/output"])
def test_an_ended_chain_run_forgets_what_its_link_said(client, what):
    row_id = in_chain("failed")
    assert client.delete(f"/api/executions/{row_id}{what}").status_code == 204
    assert SECRET not in everything()


def test_a_link_of_a_run_that_goes_on_stays(client):
    row_id = in_chain("running")
    assert "chain run" in refused(client.delete(f"/api/executions/{row_id}"), 409)["error"]


def test_deliveries_forget_the_error_that_they_quoted(client):
    row_id = printed()
    data = {"execution": {"id": row_id, "error": f"bad: {SECRET}", "status": "failed"}}
    with transaction() as session:
        session.add(
            Webhook(
                id="w" * 32,
                name="w",
                url="https://example.com",
                secrets="[]",
                events="job.failed",
                created_at=now(),
                updated_at=now(),
            )
        )
        session.flush()
        session.add(
            WebhookDelivery(
                id=new_id(),
                webhook_id="w" * 32,
                sequence=1,
                event_type="job.failed",
                payload=orjson.dumps({"event": "job.failed", "data": data}).decode(),
                status="success",
                created_at=now(),
            )
        )
    assert client.delete(f"/api/executions/{row_id}/output").status_code == 204
    assert SECRET not in everything()
    with reading() as session:
        payload = orjson.loads(session.scalars(sa.select(WebhookDelivery.payload)).one())
    assert payload["data"]["execution"]["status"] == "failed"


def test_a_purged_dead_letter_waits_for_nobody(client):
    row_id = printed("dead_letter", fingerprint="f" * 32)
    assert get(client, "/api/dead-letters")["total"] == 1
    client.delete(f"/api/executions/{row_id}/output")
    (group,) = get(client, "/api/dead-letters/groups")["data"]
    assert group["error"] == "removed on purpose"
    client.delete(f"/api/executions/{row_id}")
    assert get(client, "/api/dead-letters")["total"] == 0


def test_a_replay_outlives_what_it_repeats(client):
    job = make(client)
    with transaction() as session:
        old = make_execution(session, session.get(Job, job["id"]), "failed")
    made = client.post(f"/api/executions/{old}/replay", json={"force": True})
    replayed = made.json["data"]["execution_id"] if made.status_code == 201 else None
    assert client.delete(f"/api/executions/{old}").status_code == 204
    if replayed:
        assert get(client, f"/api/executions/{replayed}")["data"]["replay_of"] == old


@pytest.mark.usefixtures("real_broker")
def test_log_files_on_this_machine_go_too(tmp_path):
    app = create_app(Settings(data_dir=str(tmp_path)))
    row_id, other = printed(), new_id()
    folder = tmp_path / "claude-logs"
    folder.mkdir()
    for name in (row_id, other):
        for stream in ("stdout", "stderr"):
            (folder / f"{name}-20300101-000000.{stream}.log").write_text(SECRET)
    assert app.test_client().delete(f"/api/executions/{row_id}/output").status_code == 204
    assert {path.name[:32] for path in folder.iterdir()} == {other}


@pytest.mark.usefixtures("real_broker")
def test_purging_needs_a_permission_of_its_own():
    client = create_app(Settings(auth_enabled=True)).test_client()
    row_id = printed()
    with transaction() as session:
        values = {"name": "k", "scopes": "read,write"}
        key = api_keys.create(session, values, "test")["key"]
    answer = client.delete(f"/api/executions/{row_id}", headers={"X-API-Key": key})
    assert answer.status_code == 403
    assert (last_deed().result, last_deed().action) == ("denied", "purges.purge_execution")
