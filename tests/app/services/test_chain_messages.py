"""What the broker holds of a chain run: one chain of what is left, and another if that got lost."""

import pytest
import redis
import sqlalchemy as sa

from app.db import db_now, transaction
from app.models import Execution
from app.services import chain_runs, executions, wakeups
from app.services.chain_runs import mending
from tests.support.brokers import taken
from tests.support.chains import place_of, settle, start_chain, take, work_off
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("real_broker")


def messages(queue="default"):
    """Take all messages of a queue; return of each its task, arguments and what follows it."""
    found = []
    for message in taken(queue):
        args, _, embedded = message.decode()
        later = [_of(step) for step in reversed(embedded["chain"] or [])]
        found.append((message.headers["task"], args, message.properties["priority"], later))
    return found


def _of(step):
    options = step["options"]
    return (step["task"], step["args"], options["priority"], options["queue"])


def three(**over):
    """Start a chain of three jobs on two queues; return the run's id."""
    with transaction() as session:
        queues = (("default", 5), ("slow", 9), ("default", 1))
        jobs = [make_job(session, queue=queue, priority=p) for queue, p in queues]
    return start_chain({}, {}, {}, jobs=jobs, **over)[1]


def test_a_start_publishes_one_chain_of_all_links():
    run_id = three()
    assert messages() == [
        (
            "chains.run_link",
            [run_id, 1, 1],
            5,
            [
                ("chains.run_link", [run_id, 2, 1], 1, "slow"),
                ("chains.run_link", [run_id, 3, 1], 9, "default"),
            ],
        )
    ]


def test_the_priority_and_the_queue_of_a_chain_go_before_those_of_its_jobs():
    run_id = three(priority=10, queue="chains")
    ((_, _, priority, later),) = messages("chains")
    assert (priority, [step[2:] for step in later]) == (0, [(0, "chains"), (0, "chains")])
    assert messages() == []
    assert run_id


def test_a_link_that_goes_well_leaves_the_next_to_celery():
    run_id = three()
    messages()
    place = place_of(run_id)
    assert settle(place, take(place))
    assert messages() == messages("slow") == []


def test_a_link_that_is_passed_over_has_the_rest_published_from_the_one_behind():
    _, run_id = start_chain({}, {"run_if": "failure"}, {})
    messages()
    place = place_of(run_id)
    assert not settle(place, take(place))
    assert [m[1] for m in messages()] == [[run_id, 3, 1]]


def test_a_lost_link_that_may_be_repeated_is_published_at_once():
    with transaction() as session:
        jobs = [make_job(session, on_lost="retry") for _ in range(2)]
    _, run_id = start_chain({}, {}, jobs=jobs)
    messages()
    take(place_of(run_id))
    with transaction() as session:
        link = executions.active_link(session, run_id)
        assert link is not None
        executions.lose(session, link)
    ((_, args, _, later),) = messages()
    assert (args, [step[1] for step in later]) == ([run_id, 1, 1], [[run_id, 2, 1]])


def test_a_link_that_waited_for_another_execution_is_published_when_that_ends():
    with transaction() as session:
        job = make_job(session, overlap="queue")
        make_execution(session, job, "queued", exclusive_key=job.id)
        owner = executions.Owner("worker-9", "1.0")
        other = executions.claim(session, owner, ["default"], 1, 60, oldest=False)[0]
    _, run_id = start_chain({}, jobs=[job])
    assert messages() == []
    with transaction() as session:
        executions.settle(session, other, executions.Result("completed", 1))
    assert [m[1] for m in messages()] == [[run_id, 1, 1]]


def test_a_resume_publishes_a_chain_of_the_next_pass():
    run_id = three()
    work_off(run_id, link_2="failed")
    messages()
    messages("slow")
    with transaction() as session:
        chain_runs.resume(session, run_id)
    ((_, args, _, later),) = messages("slow")
    assert (args, [step[1] for step in later]) == ([run_id, 2, 2], [[run_id, 3, 2]])


def test_what_is_over_is_not_published():
    run_id = three()
    messages()
    with transaction() as session:
        chain_runs.cancel(session, run_id)
    wakeups.publish_tail(run_id)
    wakeups.publish_tail("0" * 32)
    assert messages() == []


def test_a_lost_message_is_published_again_once_and_not_while_it_is_there(monkeypatch, repair):
    run_id = three()
    assert repair() == 0
    monkeypatch.setattr(mending, "QUIET_SECONDS", 0.0)
    assert repair() == 0  # the broker has it still
    assert len(messages()) == 1
    assert repair() == 1
    assert repair() == 0
    assert [m[1] for m in messages()] == [[run_id, 1, 1]]


def test_in_a_queue_that_is_never_empty_a_message_counts_as_lost_after_a_while(monkeypatch, repair):
    monkeypatch.setattr(mending, "QUIET_SECONDS", 0.0)
    run_id = three()
    assert repair() == 0
    with transaction() as session:
        session.execute(sa.update(Execution).values(queued_at=db_now(-61)))
    assert repair() == 1
    assert repair() == 0
    assert [m[1] for m in messages()] == [[run_id, 1, 1]] * 2


def test_a_link_that_runs_or_waits_for_another_needs_no_repair(monkeypatch, repair, broker_socket):
    monkeypatch.setattr(mending, "QUIET_SECONDS", 0.0)
    run_id = three()
    take(place_of(run_id))
    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        client.flushall()
    assert repair() == 0
    assert messages() == []


@pytest.fixture
def repair():
    """Return a function that does the chore; it says how much there was to mend."""

    def do():
        with transaction() as session:
            return chain_runs.repair(session)

    return do
