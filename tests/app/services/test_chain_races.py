"""Two who are at the same chain at the same moment."""

from contextlib import suppress
from datetime import timedelta

import pytest

from app.db import transaction
from app.domain.clock import now
from app.domain.errors import Conflict
from app.models import Chain
from app.services import chain_runs, executions, recovery
from app.services.executions import Owner
from tests.app.services.test_job_races import together
from tests.support.chains import (
    WORKER,
    make_chain,
    place_of,
    settle,
    start_chain,
    state_of,
    take,
    work_off,
)
from tests.support.rows import make_job

pytestmark = pytest.mark.usefixtures("real_broker")


def test_of_many_who_got_a_links_message_one_takes_it():
    _, run_id = start_chain({}, {})
    place = place_of(run_id)
    claims = together(6, lambda n: take(place, Owner(f"worker-{n}", "1.0")))
    assert len([claim for claim in claims if claim is not None]) == 1


def test_of_many_who_start_a_chain_for_one_moment_all_get_one_run():
    with transaction() as session:
        chain_id = make_chain(session, [make_job(session), make_job(session)]).id
    moment = now() - timedelta(seconds=1)

    def fire(_):
        with transaction() as session:
            chain = session.get_one(Chain, chain_id)
            return chain_runs.start(session, chain, "schedule", None, moment)["id"]

    (run_id,) = set(together(5, fire))
    assert [len(link["executions"]) for link in state_of(run_id)["links"]] == [1, 0]


def test_of_many_who_resume_a_run_one_does():
    _, run_id = start_chain({}, {})
    work_off(run_id, link_1="failed")

    def resume(_):
        with suppress(Conflict), transaction() as session:
            return chain_runs.resume(session, run_id)
        return None

    assert len([one for one in together(5, resume) if one is not None]) == 1
    assert work_off(run_id) == [1, 2]


@pytest.mark.parametrize("number", range(6))
def test_a_cancel_beside_the_end_of_a_link_begins_no_other_after_it(number):
    del number  # each time the two meet otherwise
    _, run_id = start_chain({}, {}, {})
    place = place_of(run_id)
    claim = take(place)

    def act(who):
        if who:
            settle(place, claim)
        else:
            with transaction() as session:
                chain_runs.cancel(session, run_id)

    together(2, act)
    assert state_of(run_id)["status"] == "cancelled"
    assert work_off(run_id) == []


def test_a_worker_that_is_judged_while_it_settles_ends_its_link_once():
    for _ in range(5):
        _, run_id = start_chain({"stop_on_failure": False}, {}, {})
        place = place_of(run_id)
        claim = take(place)

        def act(who, claim=claim):
            with transaction() as session:
                if who:
                    executions.settle(session, claim, executions.Result("completed", 1))
                else:
                    recovery.lose_owned(session, WORKER.worker, None, "it was killed")

        together(2, act)
        run = state_of(run_id)
        assert run["current_index"] == 2
        assert [len(link["executions"]) for link in run["links"]] == [1, 1, 0]
        with transaction() as session:
            chain_runs.cancel(session, run_id)


def test_many_chains_over_the_same_jobs_come_to_their_ends():
    with transaction() as session:
        jobs = [make_job(session, overlap="allow") for _ in range(3)]
    runs = [start_chain({}, {}, {}, jobs=order)[1] for order in (jobs, jobs[::-1]) * 3]
    assert together(6, lambda n: work_off(runs[n])) == [[1, 2, 3]] * 6
    assert {state_of(run_id)["status"] for run_id in runs} == {"completed"}


def test_who_is_at_chains_over_the_same_jobs_never_waits_for_one_who_waits_for_them():
    always = {"stop_on_failure": False, "run_if": "always"}
    with transaction() as session:
        policies = ("allow", "skip", "queue", "cancel_running")
        jobs = [make_job(session, overlap=policy) for policy in policies]
        orders = (jobs, jobs[::-1], jobs[2:] + jobs[:2])
        ids = [make_chain(session, order, [always] * 4).id for order in orders]

    def go(number):
        for _ in range(4):
            with transaction() as session:
                chain = session.get_one(Chain, ids[number % 3])
                run_id = chain_runs.start(session, chain, "manual", "ann")["id"]
            work_off(run_id)
            with suppress(Conflict), transaction() as session:
                chain_runs.cancel(session, run_id)
            with suppress(Conflict), transaction() as session:
                chain_runs.resume(session, run_id)
            work_off(run_id)
            with suppress(Conflict), transaction() as session:
                chain_runs.cancel(session, run_id)
            yield state_of(run_id)["status"]

    found = {status for ends in together(6, lambda n: list(go(n))) for status in ends}
    assert found <= {"completed", "failed", "cancelled"}
