"""Schedules of chains: each due moment is a run, or a row that says why there is none."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import Conflict, Invalid
from app.models import Chain, ChainRun, Pause
from app.services import chain_runs, chains
from app.services.chain_runs import firing
from tests.support.chains import work_off
from tests.support.rows import make_job

pytestmark = pytest.mark.usefixtures("real_broker")

EACH_MINUTE: dict[str, Any] = {"type": "fixed_rate", "interval_seconds": 60}


def made(schedule: Any = EACH_MINUTE, **over: Any) -> str:
    with transaction() as session:
        values = {"name": "nightly", "job_ids": [make_job(session).id], "schedule": schedule}
        return str(chains.create(session, values | over, "test")["id"])


def overdue(chain_id: str, minutes: float) -> Any:
    first = (now() - timedelta(minutes=minutes)).replace(microsecond=0)
    with transaction() as session:
        chain = session.get_one(Chain, chain_id)
        chain.next_due_at = chain.anchor_at = first
    return first


def fire() -> int:
    with transaction() as session:
        return firing.fire_due(session)


def runs(chain_id: str) -> list[ChainRun]:
    with reading() as session:
        query = sa.select(ChainRun).where(ChainRun.chain_id == chain_id).order_by(ChainRun.number)
        return list(session.scalars(query))


def next_of(chain_id: str) -> Any:
    with reading() as session:
        return session.get_one(Chain, chain_id).next_due_at


def test_a_due_moment_starts_a_run_and_the_next_is_planned() -> None:
    chain_id = made()
    assert fire() == 0
    first = overdue(chain_id, 0.5)
    assert (fire(), fire()) == (1, 0)
    (run,) = runs(chain_id)
    assert (run.status, run.origin, run.due_at) == ("running", "schedule", first)
    assert next_of(chain_id) == first + timedelta(minutes=1)
    assert work_off(run.id) == [1]


def test_what_was_missed_is_one_row_and_the_newest_moment_runs() -> None:
    chain_id = made()
    first = overdue(chain_id, 5.5)
    fire()
    passed, run = runs(chain_id)
    assert (passed.status, passed.due_at, passed.moments) == ("skipped", first, 5)
    assert (run.status, run.due_at) == ("running", first + timedelta(minutes=5))


def test_a_moment_is_skipped_while_a_run_is_under_way() -> None:
    chain_id = made()
    overdue(chain_id, 0.5)
    fire()
    overdue(chain_id, 0.4)
    fire()
    running, skipped = runs(chain_id)
    assert (running.status, skipped.status) == ("running", "skipped")
    assert skipped.error == "overlap: run 1 was under way"
    with transaction() as session, pytest.raises(Conflict, match="was skipped"):
        chain_runs.resume(session, skipped.id)


def test_a_disabled_chain_is_not_due_and_an_enabled_one_is_planned_anew() -> None:
    chain_id = made(enabled=False)
    assert next_of(chain_id) is None
    with transaction() as session:
        chains.update(session, chain_id, {"enabled": True})
    assert next_of(chain_id) > now()


def test_after_its_last_run_a_chain_is_not_due() -> None:
    chain_id = made({**EACH_MINUTE, "max_runs": 1})
    overdue(chain_id, 0.5)
    fire()
    assert next_of(chain_id) is None


@pytest.mark.parametrize(
    ("schedule", "field"),
    [
        ({"type": "cron", "expression": "61 * * * *"}, "schedule.expression"),
        ({"type": "manual"}, "schedule.type"),
        ({"type": "fixed_delay", "delay_seconds": 5}, "schedule.type"),
    ],
)
def test_a_schedule_that_fits_no_chain_is_refused(schedule: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        made(schedule)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_a_doubled_tick_starts_one_run() -> None:
    chain_id = made()
    first = overdue(chain_id, 0.5)
    fire()
    work_off(runs(chain_id)[0].id)
    with transaction() as session:
        session.get_one(Chain, chain_id).next_due_at = first
    fire()
    assert [run.due_at for run in runs(chain_id)].count(first) == 1


def test_the_moments_of_a_pause_are_one_row_and_none_is_made_up_for() -> None:
    chain_id = made()
    first = overdue(chain_id, 5.5)
    with transaction() as session:
        began, ended = first + timedelta(minutes=1.5), first + timedelta(minutes=4.5)
        session.add(Pause(id="0" * 32, began_at=began, ended_at=ended))
        session.get_one(Chain, chain_id).next_due_at = first + timedelta(minutes=2)
    fire()
    passed, run = runs(chain_id)
    assert (passed.status, passed.due_at) == ("skipped", first + timedelta(minutes=2))
    assert (passed.moments, passed.error) == (3, "paused: the installation was paused")
    assert (run.status, run.due_at) == ("running", first + timedelta(minutes=5))
