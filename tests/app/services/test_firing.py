"""Firing: every due moment ends as a row, once, whatever was missed in between."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.models import Execution, Job
from app.services import jobs
from app.services.jobs.drafts import Draft
from app.services.schedules import firing
from app.settings import Settings

pytestmark = pytest.mark.usefixtures("real_broker")

EACH_MINUTE = {"type": "fixed_rate", "interval_seconds": 60}
SHELL = {"name": "tick", "type": "shell", "config": {"script": "true"}, "tag_ids": []}


def _make(schedule: dict[str, Any], **over: Any) -> str:
    with db.transaction() as session:
        made = jobs.create(session, Draft(SHELL | {"schedule": schedule} | over), "me", Settings())
    return str(made["id"])


def _set(job_id: str, **values: Any) -> None:
    with db.transaction() as session:
        job = session.get_one(Job, job_id)
        for name, value in values.items():
            setattr(job, name, value)


def _job(job_id: str) -> Any:
    with db.reading() as session:
        return session.get_one(Job, job_id)


def _fire(horizon: float = 10.0) -> int:
    with db.transaction() as session:
        return firing.fire_due(session, horizon)


def _rows(job_id: str) -> list[Execution]:
    with db.reading() as session:
        query = sa.select(Execution).where(Execution.job_id == job_id)
        return list(session.scalars(query.order_by(Execution.due_at, Execution.number)))


def _overdue(job_id: str, minutes: float) -> datetime:
    """Have the job's next moment lie in the past, on its own grid."""
    first = (now() - timedelta(minutes=minutes)).replace(microsecond=0)
    _set(job_id, next_due_at=first, anchor_at=first)
    return first


def test_a_new_job_waits_for_its_first_moment_and_then_has_a_row_for_it() -> None:
    job_id = _make({"type": "fixed_rate", "interval_seconds": 5})
    assert _fire() == 1
    first, *_ = rows = _rows(job_id)
    assert [row.status for row in rows] == ["scheduled"] * len(rows)
    assert all(row.due_at == row.run_at and row.origin == "schedule" for row in rows)
    gaps = {(b.due_at - a.due_at).total_seconds() for a, b in itertools.pairwise(rows)}
    assert gaps <= {5.0}
    assert _job(job_id).next_due_at == rows[-1].due_at + timedelta(seconds=5)
    assert _job(job_id).fired_until == rows[-1].due_at
    assert first.handed_at is not None
    assert _fire() == 0
    assert len(_rows(job_id)) == len(rows)


def test_a_moment_within_the_grace_runs_late() -> None:
    job_id = _make(EACH_MINUTE)
    first = _overdue(job_id, 0.5)
    _fire()
    assert [(row.due_at, row.status) for row in _rows(job_id)] == [(first, "scheduled")]


def test_what_was_missed_is_skipped_and_the_latest_is_made_up_for() -> None:
    job_id = _make(EACH_MINUTE, misfire_grace_seconds=10)
    first = _overdue(job_id, 5.5)
    _fire()
    skipped = [row for row in _rows(job_id) if row.status == "skipped"]
    assert [row.due_at for row in skipped] == [first + timedelta(minutes=n) for n in range(6)]
    assert all(row.reason and row.reason.startswith("missed") for row in skipped)
    (caught,) = [row for row in _rows(job_id) if row.origin == "catchup"]
    assert (caught.due_at, caught.catches_up_id) == (skipped[-1].due_at, skipped[-1].id)
    assert (caught.status, caught.blocked_on) == ("queued", None)


def test_with_skip_nothing_makes_up_for_what_was_missed() -> None:
    job_id = _make(EACH_MINUTE, misfire="skip", misfire_grace_seconds=10)
    _overdue(job_id, 5.5)
    _fire()
    assert {row.status for row in _rows(job_id)} == {"skipped"}


def test_with_all_the_newest_are_made_up_for_one_after_the_other() -> None:
    job_id = _make(EACH_MINUTE, misfire="all", misfire_limit=3, misfire_grace_seconds=10)
    first = _overdue(job_id, 5.5)
    _fire()
    caught = [row for row in _rows(job_id) if row.origin == "catchup"]
    assert [row.due_at for row in caught] == [first + timedelta(minutes=n) for n in (3, 4, 5)]
    assert [row.blocked_on for row in caught] == [None, job_id, job_id]


def test_beyond_a_hundred_missed_moments_share_a_row() -> None:
    job_id = _make(EACH_MINUTE, misfire="all", misfire_limit=2, misfire_grace_seconds=10)
    first = _overdue(job_id, 1000.5)
    _fire()
    skipped = [row for row in _rows(job_id) if row.status == "skipped"]
    assert len(skipped) == 101
    shared = skipped[-1]
    assert (shared.due_at, shared.moments) == (first + timedelta(minutes=100), 901)
    assert shared.due_until == first + timedelta(minutes=1000)
    caught = [row for row in _rows(job_id) if row.origin == "catchup"]
    assert [row.due_at for row in caught] == [first + timedelta(minutes=n) for n in (999, 1000)]
    assert {row.catches_up_id for row in caught} == {shared.id}


def test_moments_in_a_blackout_share_a_row_and_are_not_made_up_for() -> None:
    today = now().date()
    closed = {"from": str(today - timedelta(days=1)), "to": str(today + timedelta(days=1))}
    job_id = _make({**EACH_MINUTE, "blackouts": [closed]})
    _overdue(job_id, 5.5)
    _fire()
    (row,) = _rows(job_id)
    assert row.status == "skipped"
    assert row.reason is not None
    assert row.reason.startswith("blackout")
    assert row.moments is not None
    assert row.moments > 100
    assert _job(job_id).next_due_at > now() + timedelta(hours=20)


def test_after_its_last_run_a_schedule_is_over() -> None:
    job_id = _make({**EACH_MINUTE, "max_runs": 2}, misfire_grace_seconds=600)
    _overdue(job_id, 5.5)
    _fire()
    assert len(_rows(job_id)) == 2
    job = _job(job_id)
    assert (job.is_armed, job.next_due_at, job.status) == (False, None, "scheduled")


def test_two_who_fire_at_once_make_each_moment_once() -> None:
    job_id = _make(EACH_MINUTE)
    _overdue(job_id, 0.5)
    stale = _job(job_id).next_due_at
    _fire()
    _set(job_id, next_due_at=stale)  # as one sees it who read before the other wrote
    _fire()
    assert len(_rows(job_id)) == 1
    assert _job(job_id).next_due_at == stale + timedelta(seconds=60)


def test_a_schedule_that_cannot_be_read_is_paused_and_holds_up_no_other() -> None:
    broken, sound = _make(EACH_MINUTE), _make(EACH_MINUTE)
    for job_id in (broken, sound):
        _overdue(job_id, 0.5)
    _set(broken, schedule='{"type": "of a later release"}')
    _fire()
    assert (_rows(broken), len(_rows(sound))) == ([], 1)
    job = _job(broken)
    assert (job.status, job.next_due_at) == ("paused", None)
    assert job.pause_reason is not None
    assert "can't be followed" in job.pause_reason
