"""Where a waiting execution stands in its line, and when it may be expected to start.

Both are guesses from what is cheap to know: the rows before it, counted up to a cap, how long
executions took on the average, and how many slots work the line off.
"""

import math
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.concurrency import PREFIX
from app.models import Execution, Queue
from app.services import pauses, statistics
from app.services.access import sight
from app.services.executions import limits
from app.services.executions.sql import CLAIMABLE, TURN
from app.services.wakeups import slots_by_queue

#: Nobody counts further.
FURTHEST = 1000


@sight.unlimited()
def place(session: Session, execution_id: str) -> dict[str, Any]:
    """Return ``queue_position`` (1 is next) and ``expected_start_at`` of a waiting execution.

    The position is ``None`` unless it is queued, and 1000 for all further back; of those, of a
    paused queue and of one that nobody serves nothing is expected.
    """
    row = session.get_one(Execution, execution_id)
    if row.status == state.SCHEDULED:
        return {"queue_position": None, "expected_start_at": row.run_at}
    if row.status != state.QUEUED:
        return {}
    position = min(_before(session, row) + 1, FURTHEST)
    return {"queue_position": position, "expected_start_at": _expected(session, row, position)}


def _before(session: Session, row: Execution) -> int:
    if row.blocked_on is None:
        line: list[Any] = [Execution.queue == row.queue, CLAIMABLE]
        turn: Any = TURN
        mine = row.turn_at or row.run_at
    else:
        line = [Execution.blocked_on == row.blocked_on]
        turn, mine = Execution.run_at, row.run_at
    same = Execution.priority == row.priority
    earlier = sa.or_(turn < mine, sa.and_(turn == mine, Execution.id < row.id))
    ahead = sa.or_(Execution.priority > row.priority, sa.and_(same, earlier))
    few = sa.select(Execution.id).where(*line, ahead).limit(FURTHEST).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(few)) or 0


def _expected(session: Session, row: Execution, position: int) -> Any:
    lanes = _lanes(session, row)
    average = statistics.average_duration_ms(session)
    if position >= FURTHEST or not lanes or not average:
        return None
    # A row in the run queue needs one slot that is free; one that is held waits for an end too.
    rounds = math.ceil(position / lanes) if row.blocked_on else (position - 1) // lanes
    return now() + timedelta(milliseconds=rounds * average)


def _lanes(session: Session, row: Execution) -> int:
    """Return how many executions of the line run at a time; 0 if nothing of it may begin."""
    slots = slots_by_queue(session).get(row.queue, 0)
    if row.origin != "manual":
        paused_at = session.scalar(sa.select(Queue.paused_at).where(Queue.name == row.queue))
        if paused_at is not None or pauses.system_pause(session) is not None:
            return 0
    limit = limits.known(session).get(row.queue)
    if limit is not None and limit.max_running is not None:
        slots = min(slots, limit.max_running)
    if row.blocked_on is not None:
        by_key = row.blocked_on.startswith(PREFIX) and row.concurrency_limit
        slots = min(slots, by_key or 1)
    return slots
