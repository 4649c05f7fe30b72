"""Handing rows whose time is near to the broker, and mending hand-offs that got lost."""

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import a_pass, db_now
from app.domain.clock import now
from app.gateways.messages import Pair
from app.models import Execution
from app.services import executions, tallies, tracing
from app.services.executions.sql import DUE, NO_MOMENT_OF_A_PAUSE
from app.services.wakeups import hand_off_after_commit

#: A handed row that is so late has lost its release message, or its dispatcher.
OVERDUE_SECONDS = 1.0
_ROWS_A_PASS = 1000
_CHUNK = 500
_HANDED = (
    *(Execution.id, Execution.generation, Execution.run_at),
    *(Execution.job_id, Execution.queue, Execution.traceparent),
)


def rows_a_pass() -> int:
    """Return how many rows are handed off in one transaction at most."""
    return a_pass(_ROWS_A_PASS)


def hand_off_due(session: Session, horizon: float) -> int:
    """Hand off a pass of rows that fall due within ``horizon`` seconds; those due now are queued.

    Returns how many it saw.
    """
    rows = session.execute(
        sa.select(*_HANDED)
        .where(DUE, Execution.run_at <= db_now(horizon), Execution.handed_at.is_(None))
        .order_by(Execution.run_at)
        .limit(rows_a_pass())
    ).all()
    due_now = now() + timedelta(milliseconds=20)
    _mark_handed(session, [row.id for row in rows])
    tracing.hand_off(session, rows)
    _queue(session, [(r.id, r.generation) for r in rows if r.run_at <= due_now])
    hand_off_after_commit(
        session, [(r.run_at, (r.id, r.generation)) for r in rows if r.run_at > due_now]
    )
    return len(rows)


def queue_overdue(session: Session) -> int:
    """Queue a pass of rows whose release message never came; return how many it saw."""
    rows = session.execute(
        sa.select(Execution.id, Execution.generation)
        .where(DUE, NO_MOMENT_OF_A_PAUSE, Execution.run_at <= db_now(-OVERDUE_SECONDS))
        .order_by(Execution.run_at)
        .limit(rows_a_pass())
    ).all()
    moved = _queue(session, [(row_id, generation) for row_id, generation in rows])
    if moved:
        tallies.add(session, "events", "repairs", moved)
    return len(rows)


def _mark_handed(session: Session, ids: list[str]) -> None:
    for start in range(0, len(ids), _CHUNK):
        session.execute(
            sa.update(Execution)
            .where(Execution.id.in_(ids[start : start + _CHUNK]))
            .values(handed_at=db_now())
            .execution_options(synchronize_session=False)
        )


def _queue(session: Session, pairs: list[Pair]) -> int:
    chunks = [pairs[start : start + _CHUNK] for start in range(0, len(pairs), _CHUNK)]
    return sum(executions.queue_due(session, chunk) for chunk in chunks)
