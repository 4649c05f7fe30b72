"""Passes through chains: one link at a time, whoever ends the one before, however often told."""

from datetime import timedelta

import orjson
import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from app import events, reactions
from app.db import transaction
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.events import ChainEnded, ExecutionEnded
from app.models import Chain, ChainRun, Execution, Job
from app.services import backups, chain_runs, executions, recovery
from app.services.chain_runs import mending
from app.services.chain_runs.links import OUTPUT_BYTES
from app.services.executions import Owner
from tests.support.chains import (
    LEASE,
    WORKER,
    make_chain,
    place_of,
    settle,
    start_chain,
    state_of,
    take,
    work_off,
)
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("real_broker")
OTHER = Owner("worker-2", "1.0")


def statuses(run_id):
    """Return the statuses of a run's links."""
    return [link["status"] for link in state_of(run_id)["links"]]


def active(run_id):
    """Return how many executions of a run wait or run."""
    with transaction() as session:
        query = sa.select(sa.func.count()).where(
            Execution.chain_run_id == run_id, Execution.status.in_(state.ACTIVE)
        )
        return session.scalar(query)


@pytest.fixture
def ended(monkeypatch):
    """Collect the ends of chains that are told."""
    told = []
    table = {**reactions.IN_TRANSACTION, ChainEnded: (lambda _session, event: told.append(event),)}
    events.connect(table, reactions.AFTER_COMMIT)
    yield told
    reactions.connect()


def test_links_run_in_their_order_one_at_a_time(ended):
    chain_id, run_id = start_chain({}, {}, {})
    assert statuses(run_id) == ["queued", "pending", "pending"]
    assert work_off(run_id) == [1, 2, 3]
    run = state_of(run_id)
    assert (run["status"], run["number"], run["actor"]) == ("completed", 1, "ann")
    assert run["completed_at"] is not None
    assert run["duration_ms"] >= 0
    assert ended == [ChainEnded(run_id, chain_id, "completed", "default")]


def test_a_failure_stops_the_chain(ended):
    chain_id, run_id = start_chain({}, {}, {})
    assert work_off(run_id, link_2="failed") == [1, 2]
    run = state_of(run_id)
    assert (run["status"], statuses(run_id)) == ("failed", ["completed", "failed", "skipped"])
    assert run["links"][2]["reason"] == "link 2 failed"
    assert run["error"] == "link 2 ended failed"
    assert ended == [ChainEnded(run_id, chain_id, "failed", "default")]


def test_a_failure_that_does_not_stop_is_gone_over():
    _, run_id = start_chain({"stop_on_failure": False}, {})
    assert work_off(run_id, link_1="timeout") == [1, 2]
    assert state_of(run_id)["status"] == "completed"


def test_links_for_a_failure_and_for_any_case_run_after_a_stop():
    _, run_id = start_chain({}, {"run_if": "failure"}, {}, {"run_if": "always"})
    assert work_off(run_id, link_1="failed") == [1, 2, 4]
    assert (state_of(run_id)["status"], statuses(run_id)) == (
        "failed",
        ["failed", "completed", "skipped", "completed"],
    )


def test_a_link_for_a_failure_is_passed_over_where_none_was():
    _, run_id = start_chain({}, {"run_if": "failure"}, {})
    assert work_off(run_id) == [1, 3]
    link = state_of(run_id)["links"][1]
    assert (link["status"], link["outcome"]) == ("skipped", None)
    assert link["reason"] == "no link failed before it"


def test_who_works_off_a_queue_never_takes_a_link():
    _, run_id = start_chain({})
    with transaction() as session:
        assert not executions.has_claimable(session, ["default"])
        for oldest in (True, False):
            assert executions.claim(session, OTHER, ["default"], 9, LEASE, oldest=oldest) == []
    assert take(place_of(run_id)) is not None


def test_a_message_that_comes_twice_runs_nothing_twice():
    _, run_id = start_chain({}, {}, {})
    place = place_of(run_id)
    claim = take(place)
    assert take(place, OTHER) is None
    assert not _is_next(place)
    assert settle(place, claim)
    assert take(place, OTHER) is None
    assert _is_next(place)  # whoever did it may have died before he published
    later = place_of(run_id)
    second = take(later)
    assert take(later, OTHER) is None
    assert not _is_next(place)  # this copy of the chain ends here
    settle(later, second)
    assert take(place, OTHER) is None
    assert not _is_next(place)
    assert work_off(run_id) == [3]
    assert not _is_next(later)
    assert [len(link["executions"]) for link in state_of(run_id)["links"]] == [1, 1, 1]


def _is_next(place):
    with transaction() as session:
        return chain_runs.is_next(session, place)


def test_a_claim_whose_answer_got_lost_is_found_again_by_its_owner_only():
    _, run_id = start_chain({})
    place = place_of(run_id)
    first = take(place)
    assert take(place, OTHER) is None
    again = take(place)
    assert (again.id, again.epoch) == (first.id, first.epoch)


def test_messages_of_an_earlier_pass_die():
    _, run_id = start_chain({}, {})
    old = place_of(run_id)
    with transaction() as session:
        chain_runs.cancel(session, run_id)
    assert take(old) is None
    with transaction() as session:
        chain_runs.resume(session, run_id)
    assert take(old) is None
    assert take(place_of(run_id)) is not None


def test_the_next_link_is_begun_once_however_often_an_end_is_told():
    _, run_id = start_chain({}, {})
    place = place_of(run_id)
    claim = take(place)
    settle(place, claim)
    settle(place, claim)  # as after a commit whose answer got lost
    with transaction() as session:
        for status in ("completed", "failed"):
            end = ExecutionEnded(claim.id, claim.job_id, status, chain_run_id=run_id)
            events.emit(session, end)
    assert active(run_id) == 1
    assert statuses(run_id) == ["completed", "queued"]
    run = state_of(run_id)
    assert (run["status"], run["current_index"]) == ("running", 2)


def test_the_database_refuses_a_second_active_link(database):
    _, run_id = start_chain({}, {})
    with transaction() as session:
        job = make_job(session)
        with pytest.raises(IntegrityError), session.begin_nested():
            make_execution(session, job, "queued", chain_run_id=run_id, link_index=2)


@pytest.mark.parametrize(
    ("on_lost", "after"), [("fail", ["failed", "skipped"]), ("retry", ["queued", "pending"])]
)
def test_a_lost_link_is_judged_by_its_job(on_lost, after):
    with transaction() as session:
        jobs = [make_job(session, on_lost=on_lost) for _ in range(2)]
    _, run_id = start_chain({}, {}, jobs=jobs, queue="links", priority=8)
    place = place_of(run_id)
    claim = take(place)
    with transaction() as session:
        assert recovery.lose_owned(session, WORKER.worker, None, "it was killed") == 1
    assert statuses(run_id) == after
    with transaction() as session:
        assert not executions.settle(session, claim, executions.Result("completed", 1))
    if on_lost == "retry":
        again = take(place, OTHER)
        assert (again.attempt, again.queue) == (2, "links")
        settle(place, again)
        assert work_off(run_id) == [2]
        assert [e["attempt"] for e in state_of(run_id)["links"][0]["executions"]] == [1, 2]


def test_a_lost_link_that_need_not_stop_is_gone_over():
    _, run_id = start_chain({"stop_on_failure": False}, {})
    take(place_of(run_id))
    with transaction() as session:
        recovery.lose_owned(session, WORKER.worker, None, "it was killed")
    assert statuses(run_id) == ["failed", "queued"]


def test_links_go_where_the_chain_says_and_stay_there():
    with transaction() as session:
        jobs = [make_job(session, queue="a", priority=2) for _ in range(2)]
    _, run_id = start_chain({}, {}, jobs=jobs, priority=9)
    assert [(x["queue"], x["priority"]) for x in state_of(run_id)["links"]] == [("a", 9)] * 2
    claim = take(place_of(run_id))
    with transaction() as session:
        row = session.get_one(Execution, claim.id)
        assert (row.queue, row.priority) == ("a", 9)


def test_a_link_is_told_of_the_one_before():
    _, run_id = start_chain({}, {"run_if": "failure"}, {})
    place = place_of(run_id)
    first = take(place)
    assert orjson.loads(first.parameters)["env"] == {
        "ONEOFF_CHAIN_RUN_ID": run_id,
        "ONEOFF_PREVIOUS_EXIT_CODE": "",
        "ONEOFF_PREVIOUS_OUTPUT": "",
    }
    output = "\0é" + "x" * 20_000 + "the end"
    settle(place, first, output_tail=output.replace("\0", ""))
    env = orjson.loads(take(place_of(run_id)).parameters)["env"]
    assert env["ONEOFF_PREVIOUS_EXIT_CODE"] == "0"
    assert env["ONEOFF_PREVIOUS_OUTPUT"] == output[-OUTPUT_BYTES:]


def test_cancel_ends_the_link_under_way_and_begins_no_other(ended):
    chain_id, run_id = start_chain({}, {"run_if": "always"})
    place = place_of(run_id)
    claim = take(place)
    with transaction() as session:
        assert chain_runs.cancel(session, run_id)["status"] == "cancelling"
    assert ended == []
    assert not settle(place, claim, "cancelled")
    assert (state_of(run_id)["status"], statuses(run_id)) == ("cancelled", ["cancelled", "skipped"])
    assert ended == [ChainEnded(run_id, chain_id, "cancelled", "default")]


def test_a_link_that_completes_while_its_run_is_cancelled_is_the_last():
    _, run_id = start_chain({}, {})
    place = place_of(run_id)
    claim = take(place)
    with transaction() as session:
        chain_runs.cancel(session, run_id)
    settle(place, claim, "completed")
    assert (state_of(run_id)["status"], statuses(run_id)) == ("cancelled", ["completed", "skipped"])
    with transaction() as session:
        chain_runs.resume(session, run_id)
    assert work_off(run_id) == [2]


def test_a_link_that_a_person_cancels_is_a_failure():
    _, run_id = start_chain({}, {})
    with transaction() as session:
        link = executions.active_link(session, run_id)
        assert link is not None
        executions.cancel(session, link)
    assert (state_of(run_id)["status"], statuses(run_id)) == ("failed", ["cancelled", "skipped"])


def test_a_failed_run_is_resumed_from_its_failed_link():
    _, run_id = start_chain({}, {}, {})
    work_off(run_id, link_2="failed")
    with transaction() as session:
        run = chain_runs.resume(session, run_id)
    assert (run["status"], run["current_index"]) == ("running", 2)
    assert "error" not in run
    assert work_off(run_id) == [2, 3]
    run = state_of(run_id)
    assert run["status"] == "completed"
    assert [len(link["executions"]) for link in run["links"]] == [1, 2, 1]
    assert [e["status"] for e in run["links"][1]["executions"]] == ["failed", "completed"]


def test_a_run_is_resumed_from_an_earlier_link_on_request():
    _, run_id = start_chain({}, {}, {})
    work_off(run_id, link_2="failed")
    with transaction() as session:
        chain_runs.resume(session, run_id, 1)
    assert work_off(run_id) == [1, 2, 3]


@pytest.mark.parametrize(
    ("overlap", "waits"),
    [("skip", None), ("queue", True), ("cancel_running", True), ("allow", False)],
)
def test_the_overlap_policy_of_a_links_job_holds(overlap, waits):
    with transaction() as session:
        job = make_job(session, overlap=overlap)
        key = None if overlap == "allow" else job.id
        make_execution(session, job, "queued", exclusive_key=key, queued_at=now())
        other = executions.claim(session, OTHER, ["default"], 1, LEASE, oldest=False)[0]
    _, run_id = start_chain({}, jobs=[job])
    if waits is None:
        link = state_of(run_id)["links"][0]
        assert (link["status"], link["outcome"]) == ("skipped", "failure")
        assert link["reason"] == f"overlap: execution {other.id} was in progress"
        assert link["executions"][0]["status"] == "skipped"
        assert state_of(run_id)["status"] == "failed"
        return
    assert (take(place_of(run_id)) is None) == waits
    if waits:
        with transaction() as session:
            executions.settle(session, other, executions.Result("completed", 1))
        assert work_off(run_id) == [1]


@pytest.mark.parametrize(("overlap", "left"), [("skip", "skipped"), ("queue", "queued")])
def test_an_execution_that_begins_just_before_a_link_is_in_its_way(overlap, left):
    with transaction() as session:
        job = make_job(session, overlap=overlap)
    _, run_id = start_chain({}, jobs=[job])
    with transaction() as session:
        job = session.get_one(Job, job.id)
        make_execution(session, job, "running", exclusive_key=job.id)
    assert take(place_of(run_id)) is None
    assert statuses(run_id) == [left]


def test_a_disabled_job_is_a_failed_link_at_its_turn_and_at_its_claim():
    with transaction() as session:
        jobs = [make_job(session, name=name) for name in "ab"]
    _, run_id = start_chain({"stop_on_failure": False}, {}, jobs=jobs)
    with transaction() as session:
        for job in jobs:
            session.merge(job).enabled = False
    assert take(place_of(run_id)) is None
    run = state_of(run_id)
    assert [link["reason"] for link in run["links"]] == ["job disabled", "job disabled"]
    assert [link["outcome"] for link in run["links"]] == ["failure", "failure"]
    assert run["status"] == "failed"


def test_a_moment_of_a_schedule_has_one_run():
    with transaction() as session:
        chain_id = make_chain(session, [make_job(session)]).id
    moment = now() - timedelta(seconds=3)
    found = []
    for due_at in (moment, moment, moment + timedelta(seconds=1)):
        with transaction() as session:
            chain = session.get_one(Chain, chain_id)
            found.append(chain_runs.start(session, chain, "schedule", None, due_at))
    assert found[0]["id"] == found[1]["id"] != found[2]["id"]
    assert [run["number"] for run in found] == [1, 1, 2]
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(sa.update(ChainRun).values(due_at=moment))


def test_a_chain_is_run_as_it_was_at_the_start():
    _, run_id = start_chain({}, {})
    chain_id = state_of(run_id)["chain_id"]
    with transaction() as session:
        session.execute(sa.text("DELETE FROM chain_links WHERE chain_id = :id"), {"id": chain_id})
    assert work_off(run_id) == [1, 2]


def test_a_restore_ends_the_runs_under_way():
    _, run_id = start_chain({"stop_on_failure": False}, {})
    take(place_of(run_id))
    with transaction() as session:
        backups.finish_restore(session, now())
    run = state_of(run_id)
    assert run["status"] == "failed"
    assert run["error"].startswith("restored from a backup")
    assert active(run_id) == 0


def test_a_link_left_over_from_a_deleted_run_is_cancelled(monkeypatch, broker_socket):
    monkeypatch.setattr(mending, "QUIET_SECONDS", 0.0)
    _, run_id = start_chain({})
    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        client.flushall()
    with transaction() as session:
        session.execute(sa.delete(ChainRun).where(ChainRun.id == run_id))
        chain_runs.repair(session)
    assert active(run_id) == 0
