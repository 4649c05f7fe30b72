"""The life of executions, on both databases and with sessions that race."""

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.db import db_now
from app.domain.clock import now
from app.models import Execution, Job
from app.services import executions, handoff, recovery
from app.services.executions import Owner, Result
from tests.support.rows import make_job

pytestmark = pytest.mark.usefixtures("real_broker")

ME = Owner("me", "1.0")
DONE = Result("completed", 5, exit_code=0)


def _job(**over: Any) -> str:
    with db.transaction() as session:
        return str(make_job(session, **{"on_lost": "fail", "overlap": "skip"} | over).id)


def _plan(job_id: str, seconds: float = 0, **over: Any) -> str:
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        run_at = now() + timedelta(seconds=seconds)
        status = "scheduled" if seconds > 0 else "queued"
        origin = str(over.pop("origin", "api"))
        row = executions.born(job, run_at, origin, None, **{"status": status} | over)
        executions.add(session, [row])
        return str(row["id"])


def _queued(**over: Any) -> str:
    return _plan(_job(**over))


def _claim(limit: int = 1, queues: tuple[str, ...] = ("default",), **over: Any) -> Any:
    options = {"oldest": False} | over
    with db.transaction() as session:
        return executions.claim(session, over.pop("owner", ME), queues, limit, 15, **options)


def _row(row_id: str) -> Execution:
    with db.reading() as session:
        return session.get_one(Execution, row_id)


def _settle(claim: Any, result: Result = DONE) -> bool:
    with db.transaction() as session:
        return executions.settle(session, claim, result)


def _lose(row_id: str) -> None:
    with db.transaction() as session:
        executions.lose(session, session.get_one(Execution, row_id))


def _milliseconds(delta: timedelta) -> int:
    return round(delta.total_seconds() * 1000)


def _attempts(job_id: str) -> list[Execution]:
    with db.reading() as session:
        query = sa.select(Execution).where(Execution.job_id == job_id).order_by(Execution.number)
        return list(session.scalars(query))


def test_higher_priority_is_claimed_first_then_the_earlier_moment() -> None:
    low = _queued(priority=1)
    early = _plan(_job(priority=5), -60)
    late = _plan(_job(priority=5), -30)
    high = _queued(priority=10)
    assert [_claim()[0].id for _ in range(4)] == [high, early, late, low]


def test_the_position_of_the_queue_comes_before_priority() -> None:
    other = _queued(priority=10, queue="other")
    mine = _queued(priority=1)
    assert [_claim(queues=("default", "other"))[0].id for _ in range(2)] == [mine, other]


def test_the_fair_claim_takes_what_has_waited_longest_in_any_queue() -> None:
    _queued(priority=10)
    oldest = _plan(_job(priority=1, queue="other"), -60)
    assert _claim(queues=("default", "other"), oldest=True)[0].id == oldest


def test_racing_workers_never_share_a_row_and_leave_none() -> None:
    ids = {_queued() for _ in range(30)}
    taken: list[str] = []

    def work(number: int) -> None:
        while True:
            with db.transaction() as session:
                owner = Owner("w", f"{number}.0")
                claims = executions.claim(session, owner, ["default"], 3, 15, oldest=False)
            if not claims:
                return
            taken.extend(claim.id for claim in claims)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 30
    assert set(taken) == ids


def test_only_repeatable_rows_are_claimed_ahead() -> None:
    for on_lost in ("retry", "fail", "retry", "retry"):
        _queued(on_lost=on_lost)
    assert [c.on_lost for c in _claim(limit=10)] == ["retry", "retry", "retry"]
    assert [c.on_lost for c in _claim(limit=10)] == ["fail"]


def test_a_row_under_which_a_worker_died_is_claimed_alone() -> None:
    _plan(_job(on_lost="retry"), -9, deaths=1)
    _queued(on_lost="retry")
    assert len(_claim(limit=10)) == 1


def test_what_was_claimed_ahead_can_be_given_back_and_claimed_again() -> None:
    for _ in range(3):
        _queued(on_lost="retry")
    first, *others = _claim(limit=3)
    with db.transaction() as session:
        executions.give_back(session, others)
    assert {_row(c.id).status for c in others} == {"queued"}
    again = _claim(limit=3)
    assert {c.id for c in again} == {c.id for c in others}
    assert not _settle(others[0]), "the epoch of the first claim holds no more"
    assert _settle(first)


def test_a_row_planned_for_later_is_not_queued_before_its_moment() -> None:
    row_id = _plan(_job(), 0.5)
    with db.transaction() as session:
        assert executions.queue_due(session, [(row_id, 1)]) == 0
    assert _row(row_id).status == "scheduled"


def test_a_message_of_an_older_generation_changes_nothing() -> None:
    row_id = _plan(_job(), 0.5)
    with db.transaction() as session:
        row = session.get_one(Execution, row_id)
        row.generation, row.run_at = 2, now() - timedelta(seconds=1)
    with db.transaction() as session:
        assert executions.queue_due(session, [(row_id, 1)]) == 0
        assert executions.queue_due(session, [(row_id, 2)]) == 1
        assert executions.queue_due(session, [(row_id, 2)]) == 0


def test_a_result_is_written_once_and_repeating_it_is_accepted() -> None:
    _queued()
    claim = _claim()[0]
    assert _settle(claim)
    assert _settle(claim)
    assert _row(claim.id).status == "completed"


def test_a_stale_owner_is_refused() -> None:
    _queued(on_lost="retry")
    claim = _claim()[0]
    _lose(claim.id)
    assert not _settle(claim)
    assert _row(claim.id).error_code == "WORKER_LOST"


def test_several_ends_are_settled_together_as_each_alone() -> None:
    for _ in range(4):
        _queued(on_lost="retry")
    claims = _claim(limit=4)
    _lose(claims[1].id)
    ended = [(claim, DONE) for claim in claims]
    with db.transaction() as session:
        executions.settle_all(session, ended)
    statuses = [_row(claim.id).status for claim in claims]
    assert statuses == ["completed", "failed", "completed", "completed"]
    with db.reading() as session:
        assert session.get_one(Job, claims[0].job_id).status == "completed"


def test_what_waited_after_its_claim_started_later_than_what_began_at_once() -> None:
    for _ in range(3):
        _queued(on_lost="retry")
    claims = _claim(limit=3)
    waits = (0, 2, 700)
    ended = [(claim, replace(DONE, waited_ms=ms)) for claim, ms in zip(claims, waits, strict=True)]
    with db.transaction() as session:
        executions.settle_all(session, ended)
    rows = [_row(claim.id) for claim in claims]
    starts = [
        (row.started_at or now()) - claim.started_at
        for row, claim in zip(rows, claims, strict=True)
    ]
    assert starts == [timedelta(), timedelta(), timedelta(milliseconds=700)]
    late = [
        (row.lateness_ms or 0) - _milliseconds(c.started_at - c.run_at)
        for row, c in zip(rows, claims, strict=True)
    ]
    assert late == [0, 2, 700]


def test_a_lost_attempt_fails_unless_it_may_be_repeated() -> None:
    once, again = _job(), _job(on_lost="retry")
    for job_id in (once, again):
        _plan(job_id)
    for _ in range(2):
        _lose(_claim()[0].id)
    assert [e.status for e in _attempts(once)] == ["failed"]
    first, second = _attempts(again)
    assert (first.status, second.status, second.attempt) == ("failed", "queued", 2)
    assert second.root_execution_id == second.parent_execution_id == first.id
    assert second.due_at == first.due_at


def test_the_third_death_is_poison() -> None:
    job_id = _job(on_lost="retry")
    _plan(job_id)
    for _ in range(3):
        _lose(_claim()[0].id)
    assert [e.status for e in _attempts(job_id)] == ["failed", "failed", "dead_letter"]
    assert _attempts(job_id)[-1].error_code == "POISON"
    with db.reading() as session:
        assert session.get_one(Job, job_id).status == "failed"


def test_only_what_has_outlived_its_lease_is_judged() -> None:
    _queued()
    _queued()
    held, lapsed = _claim()[0], _claim()[0]
    with db.transaction() as session:
        session.execute(
            sa.update(Execution).where(Execution.id == lapsed.id).values(lease_until=db_now(-1))
        )
    with db.transaction() as session:
        assert recovery.judge_expired(session) == 1
    assert (_row(held.id).status, _row(lapsed.id).status) == ("running", "failed")


def test_a_started_row_without_a_lease_is_judged_too() -> None:
    _queued()
    claim = _claim()[0]
    with db.transaction() as session:
        session.execute(sa.update(Execution).values(lease_until=None))
    with db.transaction() as session:
        assert recovery.judge_expired(session) == 1
    assert _row(claim.id).status == "failed"


def test_a_renewed_lease_holds_only_for_the_present_epoch() -> None:
    _queued()
    claim = _claim()[0]
    with db.transaction() as session:
        held = [(claim.id, claim.epoch), (claim.id, claim.epoch + 1)]
        assert executions.renew(session, ME.worker, held[:1], 60) == {claim.id}
        assert executions.renew(session, ME.worker, held[1:], 60) == set()


@pytest.mark.parametrize(
    ("overlap", "second"),
    [("skip", "skipped"), ("queue", "queued"), ("allow", "queued"), ("cancel_running", "queued")],
)
def test_two_due_moments_of_a_job_obey_its_policy(overlap: str, second: str) -> None:
    job_id = _job(overlap=overlap)
    _plan(job_id)
    running = _claim()[0]
    later = _plan(job_id, -1, status="scheduled", origin="schedule")
    with db.transaction() as session:
        handoff.queue_overdue(session)
    assert _row(later).status == second
    claimable = _claim()
    assert bool(claimable) == (overlap == "allow")
    expected = "cancelling" if overlap == "cancel_running" else "running"
    assert _row(running.id).status == expected
    _settle(running)
    if second == "queued" and overlap != "allow":
        assert _claim()[0].id == later


def test_the_database_holds_one_at_a_time_even_if_two_are_claimable() -> None:
    job_id = _job(overlap="queue")
    first, second = _plan(job_id), _plan(job_id)
    claim = _claim()[0]
    with pytest.raises(sa.exc.IntegrityError):
        _claim()
    with db.transaction() as session:
        executions.resolve_overlaps(session, ["default"])
    assert _claim() == []
    waiting = ({first, second} - {claim.id}).pop()
    assert _row(waiting).blocked_on == job_id
    _settle(claim)
    assert _claim()[0].id == waiting


def test_cancelling_what_others_wait_for_lets_the_next_go() -> None:
    job_id = _job(overlap="queue")
    first = _plan(job_id)
    second = _plan(job_id, blocked_on=job_id)
    with db.transaction() as session:
        executions.cancel(session, session.get_one(Execution, first))
    assert _claim()[0].id == second


def test_a_worker_that_shuts_down_hands_a_repeatable_attempt_on() -> None:
    job_id = _job(on_lost="retry")
    _plan(job_id)
    _settle(_claim()[0], Result("failed", 5, error_code="WORKER_SHUTDOWN"))
    first, second = _attempts(job_id)
    assert (first.status, second.status, second.deaths) == ("failed", "queued", 0)


def test_hand_off_takes_what_is_near_and_leaves_what_is_far() -> None:
    near, far = _plan(_job(), 5), _plan(_job(), 100)
    with db.transaction() as session:
        session.execute(sa.update(Execution).values(handed_at=None))
    with db.transaction() as session:
        assert handoff.hand_off_due(session, 10) == 1
        assert handoff.hand_off_due(session, 10) == 0
    assert _row(near).handed_at is not None
    assert _row(far).handed_at is None


def test_the_job_follows_its_executions() -> None:
    job_id = _job(overlap="allow")
    for _ in range(2):
        _plan(job_id)
    first, second = _claim()[0], _claim()[0]

    def status() -> str:
        with db.reading() as session:
            return session.get_one(Job, job_id).status

    assert status() == "running"
    _settle(first)
    assert status() == "running"
    _settle(second, Result("timeout", 5, exit_code=124))
    assert status() == "failed"
