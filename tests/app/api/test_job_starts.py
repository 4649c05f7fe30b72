"""Starting jobs by hand, and cancelling them, over HTTP."""

import threading
import time

import pytest

from app.db import transaction
from app.services import executions
from tests.support.api import claim_one, get, make, refused, rows_of, settle


def execute(client, job, body=None):
    return client.post(f"/api/jobs/{job['id']}/execute", json=body)


def cancel(client, job, **body):
    return client.post(f"/api/jobs/{job['id']}/cancel", json=body)


def test_a_planned_job_is_moved_to_this_moment(client):
    job = make(client)
    answer = client.post(f"/api/jobs/{job['id']}/execute")
    assert answer.status_code == 200
    started = answer.json["data"]
    assert started["message"] == "Job scheduled for immediate execution"
    (row,) = rows_of(client, job["id"])
    assert (row["id"], row["status"], row["origin"]) == (
        started["execution_id"],
        started["status"],
        "manual",
    )
    assert get(client, f"/api/jobs/{job['id']}")["data"]["scheduled_at"] < "2100"
    assert claim_one().id == row["id"]


@pytest.mark.parametrize("verdict", ["completed", "failed", "timeout", "cancelled"])
def test_a_job_that_has_ended_is_armed_again(client, verdict):
    job = make(client, scheduled_at="now")
    settle(claim_one(), verdict)
    assert execute(client, job).status_code == 200
    assert get(client, f"/api/jobs/{job['id']}")["data"]["status"] == "scheduled"
    assert [row["number"] for row in rows_of(client, job["id"])] == [2, 1]
    assert claim_one().job_id == job["id"]


def test_parameters_are_kept_for_the_worker_and_masked_on_the_wire(client):
    job = make(client)
    body = {"env": {"TOKEN": "secret"}, "args": ["a b"], "body": "secret"}
    execution_id = execute(client, job, body).json["data"]["execution_id"]
    shown = get(client, f"/api/executions/{execution_id}")["data"]
    assert shown["parameters"] == {"env": {"TOKEN": "***"}, "args": ["a b"], "body": "***"}
    assert '"secret"' in claim_one().parameters


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"environment": {}}, "environment"),
        ({"env": {"1A": "x"}}, "env"),
        ({"env": {"A": 1}}, "env.A.value"),
        ({"args": "x"}, "args"),
        ({"args": [1]}, "args.0"),
        ({"body": {}}, "body"),
        ({"wait": 301}, "wait"),
        ({"wait": "5"}, "wait"),
        ({"wait": -1}, "wait"),
    ],
)
def test_what_a_start_can_not_take_is_refused(client, body, field):
    job = make(client)
    refused(execute(client, job, body), 400, field)
    assert rows_of(client, job["id"])[0]["status"] == "scheduled"


def test_a_job_in_progress_is_not_started_again(client):
    job = make(client, scheduled_at="now")
    assert refused(execute(client, job), 409)["error"] == "the job is already queued"
    claim = claim_one()
    assert refused(execute(client, job), 409)["error"] == "the job is already running"
    settle(claim)
    assert execute(client, job).status_code == 200


def test_with_overlap_queue_a_second_start_waits_for_the_first(client):
    job = make(client, scheduled_at="now", overlap="queue")
    first = claim_one()
    assert execute(client, job).json["data"]["status"] == "queued"
    assert rows_of(client, job["id"])[0]["blocked_on"] == job["id"]
    settle(first)
    assert rows_of(client, job["id"])[0]["blocked_on"] is None
    assert claim_one().job_id == job["id"]


def test_with_overlap_allow_both_run(client):
    job = make(client, scheduled_at="now", overlap="allow")
    claim_one()
    execute(client, job)
    claim_one()
    assert [row["status"] for row in rows_of(client, job["id"])] == ["running", "running"]


def test_with_overlap_cancel_running_the_first_is_ended(client):
    job = make(client, scheduled_at="now", overlap="cancel_running")
    first = claim_one()
    execute(client, job)
    assert [row["status"] for row in rows_of(client, job["id"])] == ["queued", "cancelling"]
    settle(first, "cancelled")
    assert claim_one().id == rows_of(client, job["id"])[0]["id"]


def test_wait_answers_with_the_execution_when_it_has_ended(client):
    job = make(client)

    def work():
        while not rows_of(client.application.test_client(), job["id"])[0]["queued_at"]:
            time.sleep(0.01)
        settle(claim_one(), output_tail="hi\n")

    worker = threading.Thread(target=work)
    worker.start()
    started = execute(client, job, {"wait": 20}).json["data"]
    worker.join()
    assert started["status"] == started["execution"]["status"] == "completed"
    assert started["execution"]["output"] == "hi\n"


def test_wait_is_over_when_its_time_is(client):
    job = make(client)
    began = time.monotonic()
    started = execute(client, job, {"wait": 1}).json["data"]
    assert 0.9 < time.monotonic() - began < 5
    assert started["execution"]["status"] == "queued"


def test_the_same_key_starts_a_job_once(client):
    job = make(client, overlap="allow")
    url = f"/api/jobs/{job['id']}/execute"
    first, second = (client.post(url, headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert first.json == second.json
    assert len(rows_of(client, job["id"])) == 1


def test_a_planned_job_is_cancelled_at_once(client):
    job = make(client)
    assert cancel(client, job).json["data"]["message"] == "Job cancelled"
    assert get(client, f"/api/jobs/{job['id']}")["data"]["status"] == "cancelled"
    (row,) = rows_of(client, job["id"])
    assert (row["status"], row["error"]) == ("cancelled", "Job cancelled by user")
    assert refused(cancel(client, job), 409)["error"] == "job is already cancelled"


@pytest.mark.parametrize("force", [False, True])
def test_a_running_job_is_asked_to_end(client, force):
    job = make(client, scheduled_at="now")
    claim = claim_one()
    assert cancel(client, job, force=force).status_code == 200
    assert rows_of(client, job["id"])[0]["status"] == "cancelling"
    with transaction() as session:
        assert executions.cancellations(session, [claim.id]) == {claim.id: force}
    assert cancel(client, job, force=True).status_code == 200
    with transaction() as session:
        assert executions.cancellations(session, [claim.id]) == {claim.id: True}
    settle(claim, "cancelled")
    assert get(client, f"/api/jobs/{job['id']}")["data"]["status"] == "cancelled"


@pytest.mark.parametrize("verdict", ["completed", "failed"])
def test_a_job_that_has_ended_is_not_cancelled(client, verdict):
    job = make(client, scheduled_at="now")
    settle(claim_one(), verdict)
    assert refused(cancel(client, job), 409)["error"] == f"cannot cancel a {verdict} job"


def test_cancelling_takes_what_runs_and_all_that_waits(client):
    job = make(client, scheduled_at="now", overlap="queue")
    claim_one()
    execute(client, job)
    execute(client, job)
    cancel(client, job)
    assert [row["status"] for row in rows_of(client, job["id"])] == [
        "cancelled",
        "cancelled",
        "cancelling",
    ]


@pytest.mark.parametrize("body", [{"force": "true"}, {"force": 1}, {"hard": True}])
def test_what_a_cancel_can_not_take_is_refused(client, body):
    job = make(client)
    refused(client.post(f"/api/jobs/{job['id']}/cancel", json=body), 400, *body)


def test_an_execution_is_cancelled_by_itself(client):
    job = make(client, scheduled_at="now")
    (row,) = rows_of(client, job["id"])
    url = f"/api/executions/{row['id']}/cancel"
    assert client.post(url).json["data"]["status"] == "cancelled"
    assert get(client, f"/api/jobs/{job['id']}")["data"]["status"] == "cancelled"
    refused(client.post(url), 409)
    execute(client, job)
    claim = claim_one()
    answer = client.post(f"/api/executions/{claim.id}/cancel", json={"force": True})
    assert answer.json["data"]["status"] == "cancelling"


def one(client, execution_id):
    return get(client, f"/api/executions/{execution_id}")["data"]


@pytest.mark.parametrize("planned", [True, False])
def test_a_start_may_have_a_priority_of_its_own(client, planned):
    job = make(client, priority=3, **({} if planned else {"scheduled_at": "now"}))
    if not planned:
        settle(claim_one())
    row = one(client, execute(client, job, {"priority": 9}).json["data"]["execution_id"])
    assert (row["priority"], row["parameters"]) == (9, None)
    assert get(client, f"/api/jobs/{job['id']}")["data"]["priority"] == 3
    settle(claim_one())
    assert one(client, execute(client, job).json["data"]["execution_id"])["priority"] == 3


def test_retries_keep_the_priority_of_a_start(client):
    job = make(client, priority=3, retry={"max_retries": 1})
    execute(client, job, {"priority": 9})
    settle(claim_one(), "failed")
    assert [row["priority"] for row in rows_of(client, job["id"])] == [9, 9]


@pytest.mark.parametrize("wish", [0, 11, "9", 2.5, True])
def test_a_priority_of_a_start_is_from_1_to_10(client, wish):
    refused(execute(client, make(client), {"priority": wish}), 400, "priority")


def test_a_start_may_go_beside_what_is_in_progress(client):
    job = make(client, scheduled_at="now", overlap="skip")
    first = claim_one()
    refused(execute(client, job), 409)
    beside = execute(client, job, {"skip_overlap": True})
    assert beside.status_code == 200, beside.text
    second = claim_one()
    assert second.id == beside.json["data"]["execution_id"]
    for claimed in (first, second):
        settle(claimed)
    assert {row["status"] for row in rows_of(client, job["id"])} == {"completed"}


def test_a_start_beside_a_running_one_does_not_cancel_it(client):
    job = make(client, scheduled_at="now", overlap="cancel_running")
    claim_one()
    execute(client, job, {"skip_overlap": True})
    assert [row["status"] for row in rows_of(client, job["id"])] == ["queued", "running"]
