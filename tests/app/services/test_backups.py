"""A database that was put back: nothing old starts, nothing from before is believed."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.models import Execution, Job, Lease, SystemConfig, Worker
from app.services import backups, executions, handoff, totals, workers
from app.services.executions import Owner, Result
from tests.support.rows import make_execution, make_job

pytestmark = pytest.mark.usefixtures("real_broker")

TAKEN_AT = now() - timedelta(hours=1)


def _plant(status: str, days: float = 0.0, **over: Any) -> str:
    """Add a job with one execution; return the id of the execution."""
    with db.transaction() as session:
        job = make_job(session, on_lost=over.get("on_lost", "fail"), overlap="queue")
        row_id = make_execution(session, job, status, days, **over)
        job.status = "running" if status in ("running", "cancelling") else "scheduled"
        return str(row_id)


def _finish() -> backups.Outcome:
    with db.transaction() as session:
        return backups.finish_restore(session, TAKEN_AT)


def _row(row_id: str) -> Execution:
    with db.reading() as session:
        return session.get_one(Execution, row_id)


def _job_of(row_id: str) -> str:
    with db.reading() as session:
        return session.get_one(Job, _row(row_id).job_id).status


@pytest.mark.parametrize("status", ["scheduled", "queued"])
def test_what_should_have_started_by_now_is_skipped_with_the_reason(status: str) -> None:
    row_id = _plant(status, days=0.01)
    assert _finish().missed == 1
    row = _row(row_id)
    assert row.status == "skipped"
    assert row.reason is not None
    assert row.reason.startswith("missed: restored from a backup of 2")
    assert row.completed_at is not None
    assert _job_of(row_id) == "cancelled"


def test_what_waits_for_another_execution_is_skipped_too() -> None:
    job_id = _row(_plant("running")).job_id
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        held = make_execution(session, job, "queued", blocked_on=job_id, exclusive_key=job_id)
    _finish()
    assert (_row(held).status, _row(held).blocked_on) == ("skipped", None)


def test_a_moment_that_is_to_come_stays_and_is_handed_off_anew() -> None:
    row_id = _plant("scheduled", days=-1, handed_at=now())
    assert _finish().scheduled == 1
    row = _row(row_id)
    assert (row.status, row.handed_at) == ("scheduled", None)
    assert _job_of(row_id) == "scheduled"


@pytest.mark.parametrize("status", ["running", "cancelling"])
@pytest.mark.parametrize("on_lost", ["fail", "retry"])
def test_what_ran_is_lost_and_not_tried_again(status: str, on_lost: str) -> None:
    row_id = _plant(status, days=0.1, on_lost=on_lost, exclusive_key="k", lease_until=now())
    assert _finish().lost == 1
    row = _row(row_id)
    assert (row.status, row.error_code) == ("failed", "WORKER_LOST")
    assert row.reason is not None
    assert row.reason.startswith("restored from a backup of 2")
    assert (row.deaths, row.lease_until) == (0, None)
    assert _job_of(row_id) == "failed"
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Execution)) == 1


def test_what_has_ended_is_left_as_it_is() -> None:
    done = [_plant(s, days=1) for s in ("completed", "failed", "timeout", "cancelled", "skipped")]
    before = [_row(row_id).__dict__ for row_id in done]
    assert _finish().finished == len(done)
    for old, row_id in zip(before, done, strict=True):
        new = _row(row_id).__dict__
        assert {k: v for k, v in new.items() if k[0] != "_"} == {
            k: v for k, v in old.items() if k[0] != "_"
        }


def test_messages_and_results_of_the_time_before_mean_nothing() -> None:
    row_id = _plant("scheduled", days=-0.00002)
    _finish()
    with db.transaction() as session:
        session.execute(sa.update(Execution).values(run_at=now() - timedelta(seconds=1)))
        assert executions.queue_due(session, [(row_id, 1)]) == 0, "an old message"
        assert handoff.hand_off_due(session, 10) == 1
    with db.transaction() as session:
        (claim,) = executions.claim(session, Owner("new", "1.0"), ("default",), 1, 15, oldest=False)
    zombie = claim.__class__(**{n: getattr(claim, n) for n in claim.__slots__} | {"epoch": 1})
    with db.transaction() as session:
        assert not executions.settle(session, zombie, Result("failed", 1))
        assert executions.settle(session, claim, Result("completed", 1))
    assert _row(row_id).status == "completed"


def test_a_second_restore_goes_beyond_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    row_id = _plant("scheduled", days=-1)
    _finish()
    first = _row(row_id)
    with db.transaction() as session:
        session.execute(sa.update(Execution).values(generation=1, epoch=0))
    later = now() + timedelta(minutes=2)
    monkeypatch.setattr("app.services.executions.restored.now", lambda: later)
    _finish()
    second = _row(row_id)
    assert second.generation > first.generation
    assert second.epoch > first.epoch


def test_workers_leases_and_the_mark_are_gone_and_the_totals_agree() -> None:
    for status in ("completed", "running", "queued", "scheduled"):
        _plant(status, days=0.1)
    _plant("scheduled", days=-1)
    with db.transaction() as session:
        workers.register(session, workers.Registration("prefork", ("default",), 2))
        session.add(Lease(name="beat", owner="me", epoch=1, until=now()))
        session.add(SystemConfig(key=backups.MARK, value="true", updated_at=now()))
        session.flush()
        assert backups.is_unfinished(session)
    assert _finish() == backups.Outcome(
        jobs=5, executions=5, finished=1, scheduled=1, missed=2, lost=1
    )
    with db.reading() as session:
        for table in (Worker, Lease):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
        assert not backups.is_unfinished(session)
        counted = session.execute(
            sa.select(Execution.status, sa.func.count()).group_by(Execution.status)
        )
        for status, number in counted:
            assert totals.of(session, "executions", statuses=[status]) == number
