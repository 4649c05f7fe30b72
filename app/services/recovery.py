"""The sweeper: rows whose wake-up or whose worker got lost are found and judged."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.gateways import broker
from app.gateways.messages import Ring
from app.models import Execution, Queue
from app.services import executions, tallies
from app.services.executions import limits, rings
from app.services.executions.sql import STARTED
from app.services.wakeups import slots_by_queue

_BATCH = 200


def judge_expired(session: Session) -> int:
    """Judge started executions whose lease ran out, by ``on_lost``; return how many."""
    expired = session.scalars(
        sa.select(Execution)
        .where(STARTED, sa.or_(Execution.lease_until.is_(None), Execution.lease_until < db_now()))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in expired:
        executions.lose(session, row, "its lease ran out")
    return len(expired)


def lose_owned(session: Session, worker: str, pid: int | None, reason: str) -> int:
    """Judge at once what a dead worker, or one dead process of it, was running."""
    rows = executions.of_owner(session, worker, pid)
    for row in rows:
        executions.lose(session, row, reason)
    return len(rows)


@dataclass
class QueueSweep:
    """Rings for queues with claimable rows that nobody was woken for.

    It works per queue, not per row, and waits longer each time ringing did not help.
    """

    base_seconds: float = 1.0
    longest_seconds: float = 30.0
    _grace: dict[str, float] = field(default_factory=dict)

    def rings(self, session: Session) -> list[Ring]:
        """Return the rings to publish now."""
        found: list[Ring] = []
        for queue in session.scalars(sa.select(Queue.name)).all():
            if queue not in limits.known(session):  # beat tends those with limits by themselves
                found += self._rings_of(session, queue)
        if found:
            tallies.add(session, "events", "repairs", len(found))
        return found

    def _rings_of(self, session: Session, queue: str) -> list[Ring]:
        grace = self._grace.get(queue, self.base_seconds)
        waiting = self._waiting(session, queue, grace)
        if not waiting:
            self._grace.pop(queue, None)
            return []
        if broker.depth(queue):
            return []
        self._grace[queue] = min(grace * 2, self.longest_seconds)
        return waiting[: max(1, slots_by_queue(session).get(queue, 1))]

    def _waiting(self, session: Session, queue: str, grace: float) -> list[Ring]:
        return rings.waiting(session, queue, 64, Execution.queued_at < db_now(-grace))
