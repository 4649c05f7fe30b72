"""Rings for rows that wait already: after a pause, a change of workers or of limits."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.gateways.messages import Ring
from app.models import Execution
from app.services.access import sight
from app.services.executions.sql import CLAIMABLE, LINK_WAITS, MAY_BEGIN
from app.services.wakeups import ring_after_commit, slots_by_queue


@sight.unlimited()
def ring_waiting(session: Session, queues: Sequence[str], most: int = 64) -> int:
    """Ring each queue for its first rows, one for each slot at most; return how many rings."""
    slots = slots_by_queue(session)
    rings = [
        ring
        for queue in queues
        for kind in (CLAIMABLE, LINK_WAITS)
        for ring in _first(session, kind, queue, min(most, max(1, slots.get(queue, 1))))
    ]
    ring_after_commit(session, rings)
    return len(rings)


def waiting(session: Session, queue: str, most: int, *only: sa.ColumnElement[bool]) -> list[Ring]:
    """Return the rings for the first rows of a queue that may begin."""
    return _first(session, CLAIMABLE, queue, most, *only)


def _first(
    session: Session, kind: sa.TextClause, queue: str, most: int, *only: sa.ColumnElement[bool]
) -> list[Ring]:
    names = (Execution.id, Execution.generation, Execution.priority, Execution.chain_run_id)
    rows = session.execute(
        sa.select(*names)
        .where(kind, MAY_BEGIN, Execution.queue == queue, *only)
        .order_by(Execution.priority.desc(), Execution.run_at)
        .limit(most)
    )
    return [Ring(queue, r.priority, (r.id, r.generation), r.chain_run_id) for r in rows]
