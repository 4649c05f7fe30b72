"""The dispatcher: rows go to their run queues at their moment, never before it."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.db import reading
from app.domain import execution_state as state
from app.domain.clock import now
from app.gateways.messages import Pair
from app.models import Execution
from app.services import executions
from workers.ledger import Ledger

#: Our clock may be ahead of the database's; then the rows are tried again, so often.
TRIES = 5
LONGEST_WAIT = 2.0
_A_MILLISECOND = timedelta(milliseconds=1)
#: Messages that come due while another is written share the next commit, and its rings.
_ledger = Ledger()


def release(pairs: Sequence[Pair], due_at: datetime | None = None) -> None:
    """Wait the last milliseconds and queue the rows that are still planned.

    ``due_at`` is when the last of them was due when this was planned; without it, or if rows
    were moved since, the rows are asked. They are not due before the database's clock says so.
    What is left here, because the clocks are far apart, is queued by the sweeper.
    """
    for _ in range(TRIES):
        due_at = due_at or _latest(pairs)
        if due_at is None:
            return
        wait = (due_at + _A_MILLISECOND - now()).total_seconds()
        time.sleep(min(max(wait, 0.0), LONGEST_WAIT))
        if _ledger.call(lambda session: executions.queue_due(session, pairs)) == len(pairs):
            return
        due_at = None
        time.sleep(0.002)


def _latest(pairs: Sequence[Pair]) -> datetime | None:
    columns = (Execution.id, Execution.generation, Execution.run_at, Execution.status)
    by_id = Execution.id.in_([row_id for row_id, _ in pairs])  # more would mislead the planners
    with reading() as session:
        rows = session.execute(sa.select(*columns).where(by_id)).all()
    planned = [
        r for r in rows if r.status == state.SCHEDULED and (r.id, r.generation) in set(pairs)
    ]
    return max((r.run_at for r in planned), default=None)
