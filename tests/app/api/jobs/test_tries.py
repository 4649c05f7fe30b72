"""Trying what a job is to do, over the API."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.domain.clock import now
from app.models import Job
from app.services.jobs import tries
from tests.support.api import claim_one, get, refused, settle

SPEC = {"type": "shell", "config": {"script": "true"}}


def attempt(client, **over):
    """Try a spec; return the answer."""
    return client.post("/api/jobs/try", json=SPEC | over)


def age(job_id, hours):
    """Have a job been made so long ago."""
    with transaction() as session:
        made = now() - timedelta(hours=hours)
        session.execute(sa.update(Job).where(Job.id == job_id).values(created_at=made))


def forget():
    """Do the chore."""
    with transaction() as session:
        return tries.forget(session)


def test_a_spec_runs_once_at_once(client):
    answer = attempt(client, name="nightly", timeout_seconds=30)
    assert answer.status_code == 201
    made = answer.json["data"]
    assert made["status"] == "queued"
    job = get(client, f"/api/jobs/{made['job_id']}")["data"]
    assert (job["name"], job["timeout_seconds"]) == ("Try: nightly", 30)
    assert (job["retry"], job["notify_emails"], job["external_id"]) == (None, None, None)
    settle(claim_one())
    assert get(client, f"/api/executions/{made['execution_id']}")["data"]["status"] == "completed"


def test_what_is_wrong_with_a_spec_is_told_as_for_a_job(client):
    refused(attempt(client, config={}), 400, "config.script")
    refused(attempt(client, type="no"), 400, "type")
    refused(attempt(client, schedule={"type": "manual"}), 400, "schedule")
    assert get(client, "/api/jobs")["total"] == 0


def test_a_long_name_stays_within_its_limit(client):
    made = attempt(client, name="n" * 255).json["data"]
    assert len(get(client, f"/api/jobs/{made['job_id']}")["data"]["name"]) == 255


def test_it_is_forgotten_after_a_day_but_not_while_it_runs(client):
    old = attempt(client).json["data"]["job_id"]
    settle(claim_one())
    young = attempt(client).json["data"]["job_id"]
    settle(claim_one())
    running = attempt(client).json["data"]["job_id"]
    claim_one()
    kept = client.post("/api/jobs", json=SPEC | {"name": "kept", "immediate": True}).json["data"]
    settle(claim_one())
    for job_id, hours in ((old, 25), (young, 23), (running, 25), (kept["id"], 999)):
        age(job_id, hours)
    assert forget() == 1
    assert {job["id"] for job in get(client, "/api/jobs")["data"]} == {young, running, kept["id"]}


def test_the_same_key_tries_once(client):
    headers = {"Idempotency-Key": "once"}
    first, second = (client.post("/api/jobs/try", json=SPEC, headers=headers) for _ in range(2))
    assert first.json == second.json
    assert get(client, "/api/jobs")["total"] == 1


@pytest.mark.parametrize("prune", [True, False])
def test_no_list_of_definitions_is_named_like_what_was_tried(client, prune):
    sent = {"source": tries.SOURCE, "jobs": [], "prune": prune}
    refused(client.post("/api/jobs/sync", json=sent), 400, "source")
