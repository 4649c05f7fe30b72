"""Which version of a job an execution runs: fixed at its claim, and kept by its retries."""

import json

import sqlalchemy as sa

from app.db import transaction
from app.domain.clock import now
from app.models import Execution
from app.services import executions
from app.services.executions import Result
from tests.support.api import claim_one, get, make

RETRY = {"max_retries": 2, "strategy": "fixed", "base_seconds": 60, "jitter": 0}


def fail(claim):
    with transaction() as session:
        result = Result("failed", 5, exit_code=1, error_code="EXIT_CODE")
        assert executions.settle(session, claim, result)


def come_due():
    with transaction() as session:
        waiting = sa.update(Execution).where(Execution.status == "scheduled")
        session.execute(waiting.values(status="queued", queued_at=now()))


def script_of(claim):
    return json.loads(claim.config)["script"]


def edit(client, job, **values):
    answer = client.patch(f"/api/jobs/{job['id']}", json=values)
    assert answer.status_code == 200, answer.text


def test_a_retry_runs_what_the_first_attempt_ran(client):
    job = make(client, scheduled_at="now", retry=RETRY, config={"script": "first"})
    fail(claim_one())
    edit(client, job, config={"script": "second"}, timeout_seconds=7)
    come_due()
    again = claim_one()
    assert (script_of(again), again.timeout_seconds, again.attempt) == ("first", None, 2)
    shown = get(client, f"/api/executions/{again.id}")["data"]
    assert shown["job_version"] == 1
    client.post(f"/api/executions/{again.id}/cancel")
    with transaction() as session:
        assert executions.settle(session, again, Result("cancelled", 5))
    client.post(f"/api/jobs/{job['id']}/execute")
    anew = claim_one()
    assert (script_of(anew), anew.timeout_seconds) == ("second", 7)


def test_what_is_given_back_before_it_began_takes_the_newest_version(client):
    job = make(client, scheduled_at="now", config={"script": "first"})
    claim = claim_one()
    with transaction() as session:
        executions.give_back(session, [claim])
    edit(client, job, config={"script": "second"})
    assert script_of(claim_one()) == "second"
