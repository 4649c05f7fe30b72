"""Limits hold whoever claims at the same moment, and nobody waits behind another's crowd."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.gateways import broker
from app.models import Execution, Job, Queue, QueueStart
from app.services import executions, queues, recovery
from app.services.executions import Owner, Result, limits
from tests.support.rows import make_job

pytestmark = pytest.mark.usefixtures("real_broker")

DONE = Result("completed", 5, exit_code=0)


def limit(name="default", **values):
    with transaction() as session:
        if session.get(Queue, name) is None:
            session.add(Queue(name=name, created_at=now()))
            session.flush()
        queues.update(session, name, values)


def job(**over):
    with transaction() as session:
        return make_job(session, overlap="allow", on_lost="fail", **over).id


def queue_up(job_id, count=1, *, seconds_ago=0.0, **over):
    with transaction() as session:
        found = session.get_one(Job, job_id)
        moment = now() - timedelta(seconds=seconds_ago)
        rows = [
            executions.born(found, moment, "api", None, **{"status": "queued"} | over)
            for _ in range(count)
        ]
        executions.add(session, rows)
    return [row["id"] for row in rows]


def claim(*names, owner="w", oldest=False, most=10):
    with transaction() as session:
        wanted = names or ("default",)
        executions.take_turn(session, wanted)
        return executions.claim(session, Owner(owner, "1.0"), wanted, most, 60, oldest=oldest)


def settle(*claims):
    with transaction() as session:
        executions.settle_all(session, [(one, DONE) for one in claims])


def row(row_id):
    with reading() as session:
        return session.get_one(Execution, row_id)


def work_off(count, names=("default",), most_rows=10_000):
    """Run what is claimable in several threads at once; return the order and the most at a time."""
    guard, done = threading.Lock(), threading.Event()
    running: Counter[str | None] = Counter()
    most: Counter[str | None] = Counter()
    order: list[str] = []

    def one(number):
        idle = 0
        while idle < 400 and len(order) < most_rows and not done.is_set():
            with transaction() as session:
                executions.take_turn(session, names)
                claims = executions.claim(
                    session, Owner("w", f"{number}.0"), names, 1, 60, oldest=len(order) % 10 == 9
                )
            if not claims:
                idle += 1
                done.wait(0.002)
                continue
            idle = 0
            (mine,) = claims
            with guard:
                order.append(mine.id)
                for name in (mine.queue, mine.concurrency_key):
                    running[name] += 1
                    most[name] = max(most[name], running[name])
            done.wait(0.001)
            with guard:
                for name in (mine.queue, mine.concurrency_key):
                    running[name] -= 1
            settle(mine)
        done.set()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(one, range(count)))
    return order, most


def test_a_queue_with_limit_one_runs_one_at_a_time_in_order():
    limit(limit=1)
    mine = job()
    wanted = [one for n in range(30) for one in queue_up(mine, seconds_ago=60 - n)]
    order, most = work_off(5, most_rows=30)
    assert most["default"] == 1
    assert order == wanted


def test_a_limit_holds_for_all_who_claim_at_once():
    limit(limit=3)
    queue_up(job(), 20)
    barrier = threading.Barrier(6)

    def one(number):
        barrier.wait(10)
        return claim(owner=f"w{number}")

    with ThreadPoolExecutor(6) as pool:
        taken = [c for claims in pool.map(one, range(6)) for c in claims]
    assert len(taken) == 3
    assert claim() == []
    settle(taken[0])
    assert len(claim()) == 1


def test_a_place_that_is_free_again_is_rung_for():
    limit(limit=1)
    queue_up(job(), 3)
    (first,) = claim()
    depth = broker.depth("default")
    settle(first)
    assert broker.depth("default") == depth + 1
    (second,) = claim()
    with transaction() as session:
        executions.lose(session, session.get_one(Execution, second.id))
    assert broker.depth("default") == depth + 2


def test_the_sweeper_leaves_queues_with_limits_alone_and_beat_rings_for_what_may_begin():
    limit(limit=1)
    queue_up(job(), 3)
    (first,) = claim()
    before = broker.depth("default")
    with transaction() as session:
        assert recovery.QueueSweep(base_seconds=0.0).rings(session) == []
        queues.tend(session)
    assert broker.depth("default") == before
    with transaction() as session:
        session.execute(sa.delete(Execution).where(Execution.id == first.id))
    with transaction() as session:
        queues.tend(session)
    assert broker.depth("default") == before + 1


def test_rows_of_a_limited_queue_are_not_claimed_ahead():
    limit(limit=5)
    with transaction() as session:
        repeatable = make_job(session, overlap="allow", on_lost="retry").id
    queue_up(repeatable, 5)
    assert len(claim()) == 1


def test_a_full_queue_does_not_stand_in_the_way_of_others():
    limit("slow", limit=1)
    queue_up(job(queue="slow"), 2)
    queue_up(job(), 1)
    assert [c.queue for _ in range(2) for c in claim("slow", "default")] == ["slow", "default"]
    assert claim("slow", "default", oldest=True) == []


def test_the_oldest_row_is_found_in_a_queue_with_a_limit_too():
    limit("slow", limit=1)
    (old,) = queue_up(job(queue="slow"), seconds_ago=60)
    queue_up(job())
    (found,) = claim("default", "slow", oldest=True)
    assert found.id == old


def test_a_limit_that_is_taken_away_holds_no_more():
    limit(limit=1)
    queue_up(job(), 3)
    assert (len(claim()), len(claim())) == (1, 0)
    limit(limit=None)
    assert len(claim()) == 1


def test_a_rate_counts_starts_in_any_period_over_all_workers():
    limit(rate=(4, 60))
    queue_up(job(), 10)
    barrier = threading.Barrier(4)

    def one(number):
        barrier.wait(10)
        return [c for _ in range(3) for c in claim(owner=f"w{number}")]

    with ThreadPoolExecutor(4) as pool:
        assert sum(len(c) for c in pool.map(one, range(4))) == 4
    with transaction() as session:  # half of them leave the period
        ids = session.scalars(sa.select(QueueStart.id).order_by(QueueStart.id).limit(2)).all()
        long_ago = now() - timedelta(seconds=61)
        past = sa.update(QueueStart).where(QueueStart.id.in_(ids)).values(started_at=long_ago)
        session.execute(past)
        before = broker.depth("default")
        queues.tend(session)
    assert broker.depth("default") == before + 1
    assert [len(claim()) for _ in range(3)] == [1, 1, 0]
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(QueueStart)) == 4


def test_a_key_runs_as_many_at_a_time_as_its_limit_says():
    for number in range(3):
        queue_up(job(concurrency_key="{{name}}", name=f"n{number}", concurrency_limit=2), 8)
    taken = [one for _ in range(7) for one in claim()]
    assert Counter(one.concurrency_key for one in taken) == {f"key:n{n}": 2 for n in range(3)}
    settle(*taken)
    order, most = work_off(6, most_rows=18)
    assert len({one.id for one in taken} | set(order)) == 24
    assert {most[f"key:n{number}"] for number in range(3)} <= {1, 2}


def test_what_waits_for_its_key_says_so_and_goes_on_in_order():
    mine = job(concurrency_key="k", priority=5)
    first, second = queue_up(mine, 2)
    (urgent,) = queue_up(mine, priority=10)
    assert [row(one).blocked_on for one in (first, second, urgent)] == [None, "key:k", "key:k"]
    assert [c.id for c in claim()] == [first]
    assert claim() == []
    with transaction() as session:
        executions.cancel(session, session.get_one(Execution, first))
    assert claim() == []
    with transaction() as session:
        executions.lose(session, session.get_one(Execution, first))
    assert [c.id for c in claim()] == [urgent]


def test_a_key_with_a_crowd_does_not_delay_another_key():
    crowd = job(concurrency_key="crowd", name="crowd")
    queue_up(crowd, 60, seconds_ago=120)
    (lone,) = queue_up(job(concurrency_key="lone", name="lone"), seconds_ago=60)
    (plain,) = queue_up(job(), seconds_ago=30)
    order = []
    for _ in range(4):
        (mine,) = claim()
        order.append(mine.id)
        settle(mine)
    assert order.index(lone) <= 1
    assert order.index(plain) <= 2


@pytest.mark.parametrize("leave", ["cancel", "withdraw", "delete"])
def test_a_row_that_never_runs_leaves_its_place_to_the_next(leave):
    first, second = queue_up(job(concurrency_key="k"), 2)
    with transaction() as session:
        found = session.get_one(Execution, first)
        if leave == "cancel":
            executions.cancel(session, found)
        elif leave == "withdraw":
            executions.withdraw(found, "gone")
        else:
            session.delete(found)
    if leave == "delete":
        assert claim() == []
        with transaction() as session:
            queues.tend(session)
    assert [c.id for c in claim()] == [second]


def test_rows_that_fall_due_wait_for_their_key_too():
    mine = job(concurrency_key="k")
    rows = queue_up(mine, 3, status="scheduled", seconds_ago=1)
    with transaction() as session:
        assert executions.queue_due(session, [(one, 1) for one in rows]) in {1, 3}
    with reading() as session:
        free = sa.select(Execution.id).where(
            Execution.status == "queued", Execution.blocked_on.is_(None)
        )
        assert len(session.scalars(free).all()) == 1


def test_many_who_queue_and_end_under_the_same_keys_never_block_one_another():
    made = [[job(concurrency_key=f"k{n}", concurrency_limit=2) for n in range(4)] for _ in range(4)]

    def both(number):
        jobs = made[number]
        for turn in range(5):
            pair = [jobs[(number + turn) % 4], jobs[(number + turn + 1) % 4]]
            with transaction() as session:
                for one in pair if number % 2 else reversed(pair):
                    found = session.get_one(Job, one)
                    executions.add(
                        session, [executions.born(found, now(), "api", None, status="queued")]
                    )
            for mine in claim(owner=f"w{number}"):
                settle(mine)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(both, range(4)))
    _, most = work_off(4, most_rows=40)
    with reading() as session:
        left = session.scalars(sa.select(Execution.id).where(Execution.status == "queued")).all()
    assert left == []
    assert all(most[f"key:k{n}"] <= 2 for n in range(4))


def test_of_many_who_queue_under_one_key_at_once_as_many_go_on_as_may():
    jobs = [job(concurrency_key="{{external_id}}-{{type}}", concurrency_limit=2) for _ in range(6)]
    barrier = threading.Barrier(6)

    def one(number):
        for turn in range(12):
            barrier.wait(10)
            with transaction() as session:
                found = session.get_one(Job, jobs[number])
                key = {"concurrency_key": f"key:{turn}", "concurrency_limit": 2}
                plan = executions.born(found, now(), "api", None, status="queued")
                executions.add(session, [plan | key | {"blocked_on": f"key:{turn}"}])

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(one, range(6)))
    free = sa.select(Execution.concurrency_key).where(Execution.blocked_on.is_(None))
    with reading() as session:
        counts = Counter(session.scalars(free).all())
    assert counts == {f"key:{turn}": 2 for turn in range(12)}


def test_without_limits_a_claim_asks_nothing_more():
    queue_up(job(), 2)
    claim()
    said = []
    with transaction() as session:
        limits.known(session)
        sa.event.listen(
            session.get_bind(), "before_cursor_execute", lambda *given: said.append(given[2])
        )
        executions.take_turn(session, ["default"])
        executions.claim(session, Owner("w", "1.0"), ["default"], 1, 60, oldest=False)
    assert len([text for text in said if "queue" in text and "executions" not in text]) == 0
