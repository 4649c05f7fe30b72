"""Run queues: what waits and runs in them, their limits, and what beat does for them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import spans
from app.domain.errors import NotFound
from app.models import Execution, Queue, QueueStart, Worker
from app.services import executions, pauses
from app.services.executions import limits
from app.services.executions.sql import CLAIMABLE, STARTED
from app.services.wakeups import ALIVE_SECONDS

_HELD = sa.text("executions.blocked_on IS NOT NULL")


def views(session: Session) -> list[dict[str, Any]]:
    """Return all run queues by name, as they go on the wire."""
    return _views(session, session.scalars(sa.select(Queue).order_by(Queue.name)).all())


def view(session: Session, name: str) -> dict[str, Any]:
    """Return a run queue as it goes on the wire. Raises :class:`NotFound`."""
    queue = session.get(Queue, name)
    if queue is None:
        raise NotFound("Queue not found")
    return _views(session, [queue])[0]


def _views(session: Session, queues: Any) -> list[dict[str, Any]]:
    names = [queue.name for queue in queues]
    waiting, held = _waiting(session, names), _counts(session, names, _HELD)
    running, served = _counts(session, names, STARTED), _served(session)
    present = session.scalars(sa.select(db_now())).one()
    return [
        {
            "name": queue.name,
            "depth": waiting.get(queue.name, (0, None))[0],
            "oldest_seconds": _age(present, waiting.get(queue.name, (0, None))[1]),
            "held": held.get(queue.name, 0),
            "running": running.get(queue.name, 0),
            "workers": served.get(queue.name, (0, 0))[0],
            "slots": served.get(queue.name, (0, 0))[1],
            "paused": queue.paused_at is not None,
            "paused_at": queue.paused_at,
            "paused_reason": queue.paused_reason,
            "paused_by": queue.paused_by,
            "limit": queue.max_running,
            "rate": _rate(queue),
            "created_at": queue.created_at,
        }
        for queue in queues
    ]


def _rate(queue: Queue) -> str | None:
    if queue.rate_count is None or queue.rate_seconds is None:
        return None
    return spans.rate_text(queue.rate_count, queue.rate_seconds)


def _age(present: datetime, oldest: datetime | None) -> float | None:
    return None if oldest is None else round(max((present - oldest).total_seconds(), 0.0), 3)


def _waiting(session: Session, names: list[str]) -> dict[str, tuple[int, datetime]]:
    query = (
        sa.select(Execution.queue, sa.func.count(), sa.func.min(Execution.run_at))
        .where(Execution.queue.in_(names), CLAIMABLE)
        .group_by(Execution.queue)
    )
    return {queue: (count, oldest) for queue, count, oldest in session.execute(query)}


def _counts(session: Session, names: list[str], where: Any) -> dict[str, int]:
    query = sa.select(Execution.queue, sa.func.count()).where(Execution.queue.in_(names), where)
    return dict(session.execute(query.group_by(Execution.queue)).all())


def _served(session: Session) -> dict[str, tuple[int, int]]:
    """Return how many living workers, not drained, serve each queue, and with how many slots."""
    query = sa.select(Worker.queues, Worker.slots).where(
        Worker.stopped_at.is_(None),
        Worker.drained_at.is_(None),
        Worker.heartbeat_at > db_now(-ALIVE_SECONDS),
    )
    found: dict[str, tuple[int, int]] = {}
    for queues, slots in session.execute(query):
        for name in queues.split(","):
            workers, total = found.get(name, (0, 0))
            found[name] = (workers + 1, total + slots)
    return found


def update(session: Session, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set a queue's limit and rate; ``None`` takes one away. Raises :class:`NotFound`.

    Every process knows of it within a second.
    """
    queue = pauses.get_queue(session, name)
    if "limit" in values:
        queue.max_running = values["limit"]
    if "rate" in values:
        queue.rate_count, queue.rate_seconds = values["rate"] or (None, None)
        if values["rate"] is None:
            session.execute(sa.delete(QueueStart).where(QueueStart.queue == name))
    session.flush()
    limits.forget()
    executions.ring_waiting(session, [name])
    return view(session, name)


def tend(session: Session) -> None:
    """Do what time alone brings about: fresh starts of rates, lost places."""
    executions.touch_overlooked(session)
    limits.ring_open(session)
