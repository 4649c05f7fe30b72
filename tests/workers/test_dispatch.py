"""Release messages: rows reach their run queues at their moment, together when several come."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import db
from app.domain.clock import now
from app.gateways import broker
from app.models import Execution
from tests.support.rows import make_execution, make_job
from workers import dispatch

pytestmark = pytest.mark.usefixtures("real_broker")


def planned(seconds: float = 0.0, **over: Any) -> tuple[str, int]:
    moment = now() + timedelta(seconds=seconds)
    with db.transaction() as session:
        values = {"due_at": moment, "run_at": moment} | over
        return make_execution(session, make_job(session), "scheduled", **values), 1


def queued_at(row_id: str) -> Any:
    with db.reading() as session:
        return session.get_one(Execution, row_id).queued_at


def test_a_row_is_queued_and_rung_for_at_its_moment_and_not_before() -> None:
    pair = planned(0.3)
    dispatch.release([pair])
    with db.reading() as session:
        row = session.get_one(Execution, pair[0])
        assert row.status == "queued"
        assert row.queued_at is not None
        assert row.queued_at >= row.run_at
    assert broker.depth("default") == 1


def test_a_row_that_was_moved_meanwhile_is_left_alone() -> None:
    moved, _ = planned(generation=2)
    dispatch.release([(moved, 1)])
    assert queued_at(moved) is None


def test_who_knows_the_moment_does_not_ask_for_it() -> None:
    pair = planned(0.3)
    with db.reading() as session:
        run_at = session.get_one(Execution, pair[0]).run_at
    began: list[object] = []
    engine, note = db.engine(), began.append
    sa.event.listen(engine, "begin", note)
    dispatch.release([pair], run_at)
    sa.event.remove(engine, "begin", note)
    assert len(began) == 1
    moved_at = queued_at(pair[0])
    assert moved_at is not None
    assert moved_at >= run_at


def test_a_row_that_is_due_later_than_was_said_waits_until_then() -> None:
    """The database's clock is the one that counts, and ours may be ahead of it."""
    pair = planned(0.3)
    dispatch.release([pair], now())
    with db.reading() as session:
        row = session.get_one(Execution, pair[0])
        assert row.status == "queued"
        assert row.queued_at is not None
        assert row.queued_at >= row.run_at


def test_rows_that_were_moved_hold_up_none_of_the_others() -> None:
    moved, _ = planned(generation=2)
    pair = planned()
    dispatch.release([(moved, 1), pair], now())
    assert queued_at(moved) is None
    assert queued_at(pair[0]) is not None


def test_messages_that_come_at_once_share_a_commit() -> None:
    pairs = [planned() for _ in range(4)]
    commits: list[object] = []
    engine, note = db.engine(), commits.append
    sa.event.listen(engine, "commit", note)
    threads = [threading.Thread(target=dispatch.release, args=([pair],)) for pair in pairs]
    with dispatch._ledger._door:  # as if one were being written
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 10
        while len(dispatch._ledger._waiting) < len(pairs) and time.monotonic() < deadline:
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    sa.event.remove(engine, "commit", note)
    assert len(commits) == 1
    assert None not in [queued_at(row_id) for row_id, _ in pairs]
    assert broker.depth("default") == len(pairs)
