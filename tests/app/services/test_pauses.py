"""Pauses hold from their commit on, and what they held back is rung for when they end."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import Invalid, NotFound
from app.gateways import broker
from app.models import Execution, Pause, Queue
from app.services import executions, pauses, recovery, wakeups, workers
from app.services.executions import Owner
from app.services.schedules import closures
from app.services.workers import Registration
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("real_broker")


def queued(queue="default", **over):
    with transaction() as session:
        if queue != "default" and session.get(Queue, queue) is None:
            session.add(Queue(name=queue, created_at=now()))
        return make_execution(session, make_job(session, queue=queue), "queued", **over)


def claim(owner="w", queues=("default",), **over):
    with transaction() as session:
        options = {"oldest": False} | over
        found = executions.claim(session, Owner(owner, "1.0"), queues, 10, 60, **options)
    return [one.id for one in found]


def pause(reason=None, until=None):
    with transaction() as session:
        pauses.pause_system(session, reason, until, "me")


def resume():
    with transaction() as session:
        pauses.resume_system(session)


def depth(queue="default"):
    return broker.depth(queue)


def test_while_the_installation_is_paused_only_manual_starts_begin():
    queued(on_lost="retry")
    pause("work on the roof")
    manual = queued(origin="manual", priority=1, on_lost="retry")
    with reading() as session:
        assert executions.has_claimable(session, ["default"])
        found = pauses.system_pause(session)
    assert found is not None
    assert found.reason == "work on the roof"
    assert claim() == [manual]
    assert claim(oldest=True) == []
    with reading() as session:
        assert not executions.has_claimable(session, ["default"])


def test_a_resume_rings_and_lets_go_on():
    row = queued()
    pause()
    with reading() as session:
        assert recovery.QueueSweep(base_seconds=0.0).rings(session) == []
    assert depth() == 0
    resume()
    assert depth() == 1
    assert claim() == [row]


def test_a_pause_ends_by_itself_at_its_moment():
    row = queued()
    pause(until=now() + timedelta(hours=1))
    assert claim() == []
    with transaction() as session:
        session.execute(sa.update(Pause).values(until=now() - timedelta(seconds=1)))
    with reading() as session:
        assert pauses.system_pause(session) is None
    assert depth() == 0
    with transaction() as session:
        pauses.end_expired(session)
    assert depth() == 1
    assert claim() == [row]


def test_a_pause_that_would_be_over_already_is_refused():
    with transaction() as session, pytest.raises(Invalid, match="future"):
        pauses.pause_system(session, None, now() - timedelta(seconds=1), "me")


def test_pausing_twice_is_one_pause_with_the_later_words():
    pause("first")
    pause("second", now() + timedelta(hours=1))
    with reading() as session:
        found = session.scalars(sa.select(Pause)).all()
        assert [one.reason for one in found] == ["second"]


def test_past_pauses_are_told_in_order_and_bounded():
    moment = now()
    with transaction() as session:
        for number in range(60):
            began = moment - timedelta(hours=number + 1)
            ended = began + timedelta(minutes=5)
            session.add(Pause(id=f"{number:032}", began_at=began, ended_at=ended))
        long_ago = moment - timedelta(days=500)
        session.add(Pause(id="f" * 32, began_at=long_ago, ended_at=long_ago))
        session.add(Pause(id="e" * 32, began_at=moment, until=moment + timedelta(hours=1)))
    with reading() as session:
        found = closures.past(session)
    assert len(found) == 50
    assert found == sorted(found)
    assert found[-1][1] - found[-1][0] == timedelta(minutes=5)


def test_a_paused_queue_holds_only_its_own_rows():
    held, other = queued("slow"), queued()
    with transaction() as session:
        pauses.pause_queue(session, "slow", "too fast", "me")
    assert claim(queues=("slow", "default"), oldest=True) == [other]
    assert claim(queues=("slow", "default")) == []
    with reading() as session:
        assert recovery.QueueSweep(base_seconds=0.0).rings(session) == []
    manual = queued("slow", origin="manual")
    assert claim(queues=("slow",)) == [manual]
    with transaction() as session:
        pauses.resume_queue(session, "slow")
    assert depth("slow") == 1
    assert claim(queues=("slow",)) == [held]


def test_a_drained_worker_takes_nothing_and_counts_for_nothing():
    row = queued()
    with transaction() as session:
        entry = Registration("prefork", ("default",), 3)
        drained, other = workers.register(session, entry), workers.register(session, entry)
        pauses.drain_worker(session, drained)
    with transaction() as session:
        wakeups.forget_slots()
        assert wakeups.slots_by_queue(session) == {"default": 3}
    assert claim(drained) == []
    with transaction() as session:
        pauses.resume_worker(session, drained)
    assert claim(drained) == [row]
    assert other != drained


def test_what_is_not_there_cant_be_paused():
    with transaction() as session:
        for attempt in (
            lambda: pauses.pause_queue(session, "nowhere", None, "me"),
            lambda: pauses.resume_queue(session, "nowhere"),
            lambda: pauses.drain_worker(session, "nobody"),
            lambda: pauses.resume_worker(session, "nobody"),
        ):
            with pytest.raises(NotFound):
                attempt()


def test_a_row_claimed_before_the_pause_is_untouched():
    row = queued()
    assert claim() == [row]
    pause()
    with reading() as session:
        assert session.get_one(Execution, row).status == "running"
