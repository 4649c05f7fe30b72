"""Attempts that follow failed ones, on both databases and with sessions that race."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import db, events
from app.domain.clock import now
from app.domain.events import ExecutionEnded
from app.domain.retry import read_policy
from app.models import Execution, Job
from app.services import executions, handoff
from app.services.executions import Owner, Result
from tests.support.rows import make_job

pytestmark = pytest.mark.usefixtures("real_broker")

ME = Owner("me", "1.0")
DONE = Result("completed", 5, exit_code=0)
BROKEN = Result("failed", 5, exit_code=3, error="exited with code 3", error_code="EXIT_CODE")
LATE = Result("timeout", 5, exit_code=124, error="too slow", error_code="TIMEOUT")
REFUSED = Result("failed", 5, error="no such file", error_code="SCRIPT_NOT_FOUND")
STOPPED = Result("failed", 5, error="shut down", error_code="WORKER_SHUTDOWN")


def _policy(**over: Any) -> str:
    policy = read_policy({"base_seconds": 30, "jitter": 0} | over)
    assert policy is not None
    return policy.model_dump_json(exclude_none=True)


def _job(max_retries: int = 2, policy: dict[str, Any] | None = None, **over: Any) -> str:
    retry = _policy(max_retries=max_retries, **policy or {}) if max_retries else None
    with db.transaction() as session:
        values = {"on_lost": "fail", "overlap": "skip", "retry": retry} | over
        job = make_job(session, **values)
        executions.add(session, [executions.born(job, now(), "api", None, status="queued")])
        return str(job.id)


def _claim() -> Any:
    with db.transaction() as session:
        return executions.claim(session, ME, ["default"], 1, 15, oldest=False)


def _settle(claim: Any, result: Result) -> bool:
    with db.transaction() as session:
        return executions.settle(session, claim, result)


def _come_due() -> None:
    """Have the waiting rows come due, and move them to their queues as beat would."""
    with db.transaction() as session:
        past = now() - timedelta(seconds=2)
        session.execute(
            sa.update(Execution).where(Execution.status == "scheduled").values(run_at=past)
        )
    with db.transaction() as session:
        handoff.queue_overdue(session)


def _rows(job_id: str) -> list[Execution]:
    with db.reading() as session:
        query = sa.select(Execution).where(Execution.job_id == job_id).order_by(Execution.number)
        return list(session.scalars(query))


def _status(job_id: str) -> str:
    with db.reading() as session:
        return session.get_one(Job, job_id).status


def _end(result: Result) -> None:
    _come_due()
    (claim,) = _claim()
    assert _settle(claim, result)


def test_a_failed_attempt_is_followed_by_another_until_all_are_spent() -> None:
    job_id = _job(max_retries=2)
    _end(BROKEN)
    first, second = _rows(job_id)
    assert (first.status, second.status, second.attempt, second.retries) == (
        *("failed", "scheduled"),
        *(2, 1),
    )
    assert second.parent_execution_id == second.root_execution_id == first.id
    assert second.due_at == first.due_at
    delay = second.run_at - (first.completed_at or second.run_at)
    assert timedelta(seconds=29) < delay < timedelta(seconds=32)
    assert _status(job_id) == "scheduled"
    _end(BROKEN)
    _end(BROKEN)
    rows = _rows(job_id)
    assert [row.status for row in rows] == ["failed", "failed", "dead_letter"]
    assert (rows[2].exit_code, rows[2].error, rows[2].error_code) == (
        *(3, "exited with code 3", "EXIT_CODE"),
    )
    assert [row.fingerprint is not None for row in rows] == [False, False, True]
    assert _status(job_id) == "failed"


def test_success_ends_the_attempts() -> None:
    job_id = _job()
    _end(BROKEN)
    _end(DONE)
    assert [(r.status, r.error) for r in _rows(job_id)] == [
        ("failed", "exited with code 3"),
        ("completed", None),
    ]
    assert _status(job_id) == "completed"


@pytest.mark.parametrize(
    ("result", "policy", "statuses"),
    [
        (BROKEN, {"max_retries": 0}, ["failed"]),
        (REFUSED, {}, ["failed"]),
        (STOPPED, {}, ["failed"]),
        (LATE, {}, ["timeout"]),
        (LATE, {"policy": {"retry_on": ["timeout"]}}, ["timeout", "scheduled"]),
        (BROKEN, {"policy": {"retry_on": ["error", "timeout"]}}, ["failed"]),
        (Result("cancelled", 5, error_code="CANCELLED"), {}, ["cancelled"]),
        (Result("failed", 5, error_code="HTTP_STATUS", is_permanent=True), {}, ["failed"]),
    ],
)
def test_the_policy_says_what_is_retried(
    result: Result, policy: dict[str, Any], statuses: list[str]
) -> None:
    job_id = _job(**policy)
    _end(result)
    assert [row.status for row in _rows(job_id)] == statuses


def test_a_target_that_asks_for_patience_gets_it() -> None:
    job_id = _job()
    _end(Result("failed", 5, error_code="HTTP_STATUS", retry_after_seconds=90))
    first, second = _rows(job_id)
    assert second.run_at >= (first.completed_at or now()) + timedelta(seconds=89)


@pytest.mark.parametrize("meanwhile", ["cancelled", "disabled"])
def test_nothing_follows_what_is_not_wanted_any_more(meanwhile: str) -> None:
    job_id = _job()
    (claim,) = _claim()
    with db.transaction() as session:
        if meanwhile == "disabled":
            session.get_one(Job, job_id).enabled = False
        else:
            executions.cancel(session, session.get_one(Execution, claim.id))
    assert _settle(claim, BROKEN)
    assert [row.status for row in _rows(job_id)] == ["failed"]


def test_a_cancelled_retry_never_runs() -> None:
    job_id = _job()
    _end(BROKEN)
    with db.transaction() as session:
        executions.cancel(session, session.get_one(Execution, _rows(job_id)[1].id))
    _come_due()
    assert _claim() == []
    assert _status(job_id) == "cancelled"


def test_lost_workers_use_none_of_the_retries() -> None:
    job_id = _job(max_retries=1, on_lost="retry")
    for _ in range(2):
        (claim,) = _claim()
        with db.transaction() as session:
            executions.lose(session, session.get_one(Execution, claim.id))
    _end(BROKEN)
    _end(BROKEN)
    rows = _rows(job_id)
    assert [row.status for row in rows] == ["failed", "failed", "failed", "dead_letter"]
    assert [(row.attempt, row.retries) for row in rows] == [(1, 0), (2, 0), (3, 0), (4, 1)]


def test_a_lost_worker_is_not_judged_by_the_policy() -> None:
    job_id = _job(on_lost="fail")
    (claim,) = _claim()
    with db.transaction() as session:
        executions.lose(session, session.get_one(Execution, claim.id))
    assert [row.status for row in _rows(job_id)] == ["failed"]


def test_writing_an_end_again_adds_nothing() -> None:
    job_id = _job(max_retries=1)
    for statuses in (["failed", "scheduled"], ["failed", "dead_letter"]):
        _come_due()
        (claim,) = _claim()
        assert _settle(claim, BROKEN)
        assert _settle(claim, BROKEN)
        assert [row.status for row in _rows(job_id)] == statuses


def test_two_who_settle_at_once_make_one_retry() -> None:
    job_id = _job()
    (claim,) = _claim()
    start = threading.Barrier(2)

    def work() -> None:
        start.wait()
        _settle(claim, BROKEN)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.status for row in _rows(job_id)] == ["failed", "scheduled"]


def test_a_cancel_that_races_with_a_failure_leaves_nothing_to_run() -> None:
    for _ in range(10):
        job_id = _job()
        (claim,) = _claim()
        start = threading.Barrier(2)

        def cancel(job_id: str = job_id, start: threading.Barrier = start) -> None:
            start.wait()
            with db.transaction() as session:
                _, active = executions.lock_active(session, job_id)
                for row in active:
                    executions.cancel(session, row)

        thread = threading.Thread(target=cancel)
        thread.start()
        start.wait()
        _settle(claim, BROKEN)
        thread.join()
        assert {row.status for row in _rows(job_id)} <= {"failed", "cancelled"}


def test_ends_settled_together_are_judged_one_by_one() -> None:
    ids = [_job(on_lost="retry", max_retries=n) for n in (0, 1, 0)]
    with db.transaction() as session:
        claims = executions.claim(session, ME, ["default"], 3, 15, oldest=False)
    with db.transaction() as session:
        executions.settle_all(session, [(claim, BROKEN) for claim in claims])
    assert [[row.status for row in _rows(job_id)] for job_id in ids] == [
        ["failed"],
        ["failed", "scheduled"],
        ["failed"],
    ]


#: Asked for once a second or so, whatever ends.
_NOW_AND_THEN = ("queues", "system_config", "workers", "webhooks", "pauses")


def test_no_query_is_added_for_jobs_without_a_policy_and_for_successes() -> None:
    counts, texts = [], []
    for max_retries in (0, 2):
        for _ in range(3):
            _job(on_lost="retry", max_retries=max_retries)
        with db.transaction() as session:
            claims = executions.claim(session, ME, ["default"], 3, 15, oldest=False)
        seen: list[str] = []

        def note(*args: Any, seen: list[str] = seen) -> None:
            if not any(f"FROM {table}" in str(args[2]) for table in _NOW_AND_THEN):
                seen.append(str(args[2]))

        sa.event.listen(db.engine(), "before_cursor_execute", note)
        with db.transaction() as session:
            executions.settle_all(session, [(claim, DONE) for claim in claims])
        sa.event.remove(db.engine(), "before_cursor_execute", note)
        assert not any("SELECT" in text.split("WHERE")[0] and "enabled" in text for text in seen)
        assert not any("UPDATE jobs SET scheduled_at" in text for text in seen)  # without a delay
        counts.append(len(seen))
        texts.append(seen)
    assert counts[0] == counts[1], texts


@pytest.mark.parametrize("overlap", ["skip", "queue", "cancel_running"])
def test_another_due_moment_meets_a_waiting_retry(overlap: str) -> None:
    job_id = _job(overlap=overlap)
    _end(BROKEN)
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        moment = now() - timedelta(seconds=2)
        executions.add(session, [executions.born(job, moment, "schedule", None)])
    with db.transaction() as session:
        handoff.queue_overdue(session)
    _, retry, other = _rows(job_id)
    assert (retry.status, other.status) == {
        "skip": ("scheduled", "skipped"),
        "queue": ("scheduled", "queued"),
        "cancel_running": ("cancelled", "queued"),
    }[overlap]
    assert bool(_claim()) == (overlap == "cancel_running")
    if overlap == "queue":
        _end(DONE)
        assert _claim()[0].id == other.id, "what was held goes on when the retry has ended"


@pytest.mark.parametrize("overlap", ["skip", "cancel_running"])
def test_a_retry_that_comes_due_beside_another_waits_for_it(overlap: str) -> None:
    job_id = _job(overlap=overlap)
    _end(BROKEN)
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        executions.add(session, [executions.born(job, now(), "api", None, status="queued")])
    (other,) = _claim()
    _come_due()
    retry = _rows(job_id)[1]
    assert (retry.status, retry.blocked_on) == ("queued", job_id)
    assert _claim() == []
    assert [row.status for row in _rows(job_id)] == ["failed", "queued", "running"]
    assert _settle(other, DONE)
    assert _claim()[0].id == retry.id


def test_an_edit_of_a_waiting_retry_keeps_its_due_moment() -> None:
    job_id = _job()
    _end(BROKEN)
    before = _rows(job_id)[1]
    with db.transaction() as session:
        job, (row,) = executions.lock_active(session, job_id)
        assert job is not None
        job.priority = 9
        executions.replan(session, row, job, row.run_at)
    after = _rows(job_id)[1]
    assert (after.due_at, after.run_at, after.priority) == (before.due_at, before.run_at, 9)


def test_the_event_says_whether_another_attempt_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    react = {ExecutionEnded: [lambda _, event: seen.append((event.status, event.will_retry))]}
    monkeypatch.setattr(events, "_in_transaction", react)
    _job(max_retries=1)
    _end(BROKEN)
    _end(BROKEN)
    assert seen == [("failed", True), ("dead_letter", False)]


_ENDS = {"done": DONE, "broken": BROKEN, "late": LATE, "refused": REFUSED}


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.integers(0, 3),
    st.lists(st.sampled_from([*_ENDS, "lost", "twice"]), min_size=12, max_size=12),
)
def test_however_attempts_end_there_are_no_more_than_allowed_and_one_is_the_last(
    max_retries: int, verdicts: list[str]
) -> None:
    job_id = _job(max_retries, {"retry_on": ["exit_code", "timeout"]}, on_lost="retry")
    for verdict in verdicts:
        _come_due()
        claims = _claim()
        if not claims:
            break
        if verdict == "lost":
            with db.transaction() as session:
                executions.lose(session, session.get_one(Execution, claims[0].id))
            continue
        for _ in range(2 if verdict == "twice" else 1):
            assert _settle(claims[0], _ENDS.get(verdict, BROKEN))
    rows = _rows(job_id)
    parents = [row.parent_execution_id for row in rows]
    assert parents == [None, *(row.id for row in rows[:-1])]
    assert [row.attempt for row in rows] == [*range(1, len(rows) + 1)]
    lost = sum(row.error_code == "WORKER_LOST" for row in rows[:-1])
    assert len(rows) == 1 + lost + rows[-1].retries
    assert rows[-1].retries <= max_retries
    assert {row.status for row in rows[:-1]} <= {"failed", "timeout"}
    assert rows[-1].status in {"completed", "failed", "timeout", "dead_letter"}
    buried = rows[-1].error_code in {"EXIT_CODE", "TIMEOUT"} and max_retries > 0
    assert (rows[-1].status == "dead_letter") == (buried or rows[-1].error_code == "POISON")
