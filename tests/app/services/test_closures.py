"""What was due within a pause of the installation passes as one row, also if it had rows before."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.models import Execution, Job, Pause
from app.services import executions, handoff, jobs, pauses
from app.services.jobs import lifecycle
from app.services.jobs.drafts import Draft
from app.services.schedules import firing
from app.settings import Settings

pytestmark = pytest.mark.usefixtures("real_broker")

SECOND = timedelta(seconds=1)
EACH_SECOND = {"type": "fixed_rate", "interval_seconds": 1}
SHELL = {"name": "tick", "type": "shell", "config": {"script": "true"}, "tag_ids": []}
PAUSED = "paused: the installation was paused"


def planned(schedule: dict[str, Any] = EACH_SECOND, ago: float = 5, **over: Any) -> str:
    """Make a job whose moments from ``ago`` seconds before now on have rows, not yet queued."""
    with db.transaction() as session:
        made = jobs.create(session, Draft(SHELL | {"schedule": schedule} | over), "me", Settings())
        job = session.get_one(Job, made["id"])
        job.next_due_at = job.anchor_at = first_of(ago)
    fire()
    return str(made["id"])


def first_of(ago: float) -> datetime:
    return now().replace(microsecond=0) - timedelta(seconds=ago)


def fire() -> None:
    with db.transaction() as session:
        firing.fire_due(session, 10)


def pause(began: datetime, until: datetime | None = None) -> None:
    """Pause the installation, as if that had been at a moment before now."""
    with db.transaction() as session:
        pauses.pause_system(session, None, None, "me")
        session.execute(sa.update(Pause).values(began_at=began, until=until))


def resume() -> None:
    with db.transaction() as session:
        pauses.resume_system(session)


def come_due(job_id: str) -> None:
    """Do what the release messages of a job and the sweep after them do."""
    for row in rows(job_id):
        with db.transaction() as session:
            executions.queue_due(session, [(row.id, row.generation)])
    with db.transaction() as session:
        handoff.queue_overdue(session)


def rows(job_id: str) -> list[Execution]:
    with db.reading() as session:
        query = sa.select(Execution).where(Execution.job_id == job_id)
        return list(session.scalars(query.order_by(Execution.due_at, Execution.number)))


def statuses(job_id: str) -> list[str]:
    return [row.status for row in rows(job_id)]


def job_of(job_id: str) -> Job:
    with db.reading() as session:
        return session.get_one(Job, job_id)


def passed(job_id: str, reason: str = PAUSED) -> Execution:
    (row,) = [row for row in rows(job_id) if row.status == "skipped" and row.reason == reason]
    return row


def seconds_covered(job_id: str) -> list[datetime]:
    """Return the moments that the rows of a job stand for."""
    return [
        row.due_at + number * SECOND for row in rows(job_id) for number in range(row.moments or 1)
    ]


def is_gapless(moments: list[datetime]) -> bool:
    return moments == [moments[0] + number * SECOND for number in range(len(moments))]


def test_moments_that_had_rows_before_a_pause_pass_with_it() -> None:
    job_id = planned()
    first = rows(job_id)[0].due_at
    pause(first + 2.5 * SECOND)
    come_due(job_id)
    come_due(job_id)
    assert statuses(job_id)[:3] == ["queued", "skipped", "skipped"]  # due before the pause
    assert set(statuses(job_id)[3:]) == {"scheduled"}
    resume()
    fire()
    row = passed(job_id)
    assert row.due_at == first + 3 * SECOND
    assert row.moments is not None
    assert row.due_until == row.due_at + (row.moments - 1) * SECOND
    assert row.due_until <= now()
    assert is_gapless(seconds_covered(job_id))
    after = [one for one in rows(job_id) if one.due_at > row.due_until]
    assert {one.status for one in after} == {"scheduled"}
    assert min(one.due_at for one in after) == row.due_until + SECOND
    come_due(job_id)
    assert len([one for one in rows(job_id) if one.reason == PAUSED]) == 1


def test_a_pause_that_ends_by_itself_does_the_same_before_anything_is_fired() -> None:
    job_id = planned()
    first = rows(job_id)[0].due_at
    pause(first + SECOND / 2, until=first + 3.5 * SECOND)
    come_due(job_id)
    with db.transaction() as session:
        assert pauses.system_pause(session) is None
        assert pauses.is_open(session)
    assert statuses(job_id)[0] == "queued"
    assert set(statuses(job_id)[1:]) == {"scheduled"}
    with db.transaction() as session:
        pauses.end_expired(session)
        assert not pauses.is_open(session)
    fire()
    row = passed(job_id)
    assert (row.due_at, row.moments) == (first + SECOND, 3)
    assert is_gapless(seconds_covered(job_id))


def test_what_runs_once_waits_in_its_queue_and_runs_late() -> None:
    with db.transaction() as session:
        soon = Draft(SHELL | {"scheduled_at": "+1s"})
        job_id = str(jobs.create(session, soon, "me", Settings())["id"])
        moment = now() - 3 * SECOND
        session.execute(sa.update(Execution).values(due_at=moment, run_at=moment))
    pause(now() - 5 * SECOND)
    come_due(job_id)
    assert statuses(job_id) == ["queued"]
    resume()
    assert statuses(job_id) == ["queued"]


def test_a_retry_waits_and_is_not_taken_back() -> None:
    job_id = planned(ago=3)
    with db.transaction() as session:
        mine = sa.update(Execution).where(Execution.job_id == job_id)
        session.execute(mine.values(attempt=2))
    pause(now() - 10 * SECOND)
    resume()
    assert len(rows(job_id)) > 3


def test_of_a_fixed_delay_one_moment_passes() -> None:
    job_id = planned({"type": "fixed_delay", "delay_seconds": 60})
    pause(now() - 10 * SECOND)
    come_due(job_id)
    assert statuses(job_id) == ["scheduled"]
    resume()
    assert rows(job_id) == []
    fire()
    assert passed(job_id).moments is None
    assert statuses(job_id) == ["skipped", "scheduled"]


def test_what_did_not_run_does_not_count_as_a_run() -> None:
    job_id = planned(EACH_SECOND | {"max_runs": 3})
    job = job_of(job_id)
    assert (job.fires, job.is_armed) == (3, False)
    pause(now() - 20 * SECOND)
    resume()
    fire()
    job = job_of(job_id)
    assert (job.fires, job.is_armed, job.status) == (3, False, "scheduled")
    assert statuses(job_id) == ["skipped", *["scheduled"] * 3]
    assert is_gapless(seconds_covered(job_id))


def test_a_job_paused_meanwhile_has_the_moments_of_both_pauses_in_its_row() -> None:
    job_id = planned()
    first = rows(job_id)[0].due_at
    pause(first - SECOND)
    with db.transaction() as session:
        job, active = executions.lock_active(session, job_id)
        assert job is not None
        lifecycle.pause(session, job, active, None, None)
    resume()
    with db.transaction() as session:
        job, _ = executions.lock_active(session, job_id)
        assert job is not None
        lifecycle.resume(session, job, "me", "skip")
    fire()
    assert passed(job_id, "paused: the job was paused").due_at == first
    assert is_gapless(seconds_covered(job_id))


@pytest.mark.parametrize("cancelled", [0, 7, -1])
def test_a_moment_somebody_cancelled_before_a_pause_stays_so_and_stops_no_schedule(
    cancelled: int,
) -> None:
    job_id = planned()
    row_id = rows(job_id)[cancelled].id
    with db.transaction() as session:
        executions.cancel(session, session.get_one(Execution, row_id))
    pause(now() - 20 * SECOND)
    resume()
    for _ in range(2):
        with db.transaction() as session:
            job, active = executions.lock_active(session, job_id)
            assert job is not None
            lifecycle.pause(session, job, active, None, None)
        with db.transaction() as session:
            job, _ = executions.lock_active(session, job_id)
            assert job is not None
            lifecycle.resume(session, job, "me", "skip")
        fire()
    assert [row.id for row in rows(job_id) if row.status == "cancelled"] == [row_id]
    assert set(statuses(job_id)) == {"skipped", "scheduled", "cancelled"}
    moments = sorted(set(seconds_covered(job_id)))
    assert is_gapless(moments)


def test_a_paused_queue_lets_schedules_go_on_and_what_is_due_waits_in_it() -> None:
    job_id = planned()
    with db.transaction() as session:
        pauses.pause_queue(session, "default", None, "me")
    come_due(job_id)
    waits, *others = [row for row in rows(job_id) if row.due_at <= now() - SECOND]
    assert waits.status == "queued"
    assert {row.reason for row in others} == {f"overlap: execution {waits.id} was in progress"}
