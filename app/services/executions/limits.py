"""Limits of run queues: how many run at a time, and how many begin in a period.

The claim decides them, under one lock for each queue that has any. A process that knows of no
limit asks nothing; it looks once a second whether there are any.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.ids import new_id
from app.models import Execution, Queue, QueueStart
from app.services.access import sight
from app.services.executions.rings import ring_waiting
from app.services.executions.sql import CLAIMABLE, MAY_BEGIN, STARTED

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """What a queue allows; ``None`` is no limit of that kind."""

    max_running: int | None
    rate_count: int | None
    rate_seconds: int | None


_known: tuple[float, Mapping[str, Limit]] = (0.0, {})
_executions: Any = Execution.__table__
_starts: Any = QueueStart.__table__
_LIMITED = sa.select(Queue.name, Queue.max_running, Queue.rate_count, Queue.rate_seconds).where(
    sa.or_(Queue.max_running.is_not(None), Queue.rate_count.is_not(None))
)
_RUNNING = (
    sa.select(_executions.c.queue, sa.func.count())
    .where(_executions.c.queue.in_(sa.bindparam("queues", expanding=True)), STARTED)
    .group_by(_executions.c.queue)
)
_OLDEST_QUEUE = (
    sa.select(_executions.c.queue)
    .where(_executions.c.queue.in_(sa.bindparam("queues", expanding=True)), CLAIMABLE, MAY_BEGIN)
    .order_by(_executions.c.run_at)
    .limit(1)
)
_LOCK = sa.select(
    sa.func.pg_advisory_xact_lock(
        sa.func.hashtextextended(sa.bindparam("key", type_=sa.Text()), sa.literal_column("0"))
    )
)


def known(session: Session) -> Mapping[str, Limit]:
    """Return the queues that have limits; known for one second."""
    global _known  # noqa: PLW0603 - a cache of this process
    read_at, found = _known
    if read_at and time.monotonic() - read_at < LOOK_SECONDS:
        return found
    with sight.unlimited():  # what is found is for all who ask
        found = {name: Limit(*limits) for name, *limits in session.execute(_LIMITED)}
    _known = (time.monotonic(), found)
    return found


def forget() -> None:
    """Have this process look anew, because it changed a limit or uses another database."""
    global _known  # noqa: PLW0603 - a cache of this process
    _known = (0.0, {})


def take_turn(session: Session, queues: Iterable[str]) -> None:
    """Let those who claim from queues with limits do so one after the other.

    Comes first in a unit of work: who holds rows already must not wait here. On SQLite every
    unit of work that writes has its turn anyway.
    """
    names = known(session).keys() & set(queues)
    if names and session.get_bind().dialect.name == "postgresql":
        for name in sorted(names):
            session.execute(_LOCK, {"key": f"queue {name}"})


def closed(session: Session, queues: Iterable[str]) -> set[str]:
    """Return which of these queues may begin nothing at this moment; their turn is held."""
    return {name for name, room in rooms(session, queues).items() if room <= 0}


def rooms(session: Session, queues: Iterable[str]) -> dict[str, int]:
    """Return how many executions each of these queues may begin, for those that have limits."""
    limits = {name: one for name, one in known(session).items() if name in set(queues)}
    if not limits:
        return {}
    running: dict[str, int] = dict(session.execute(_RUNNING, {"queues": list(limits)}).all())
    found = {}
    for name, limit in limits.items():
        free = [] if limit.max_running is None else [limit.max_running - running.get(name, 0)]
        if limit.rate_count is not None and limit.rate_seconds is not None:
            free.append(limit.rate_count - _begun(session, name, limit.rate_seconds))
        found[name] = min(free)
    return found


def _begun(session: Session, queue: str, seconds: int) -> int:
    query = sa.select(sa.func.count()).select_from(_starts)
    since = _starts.c.started_at > db_now(-seconds)
    return session.scalar(query.where(_starts.c.queue == queue, since)) or 0


def oldest_first(session: Session, queues: Sequence[str]) -> list[list[str]]:
    """Return the queues in the groups in which the row that waited longest is looked for.

    A queue with a limit keeps its own order, so it stands alone.
    """
    limited = known(session).keys() & set(queues)
    plain = [name for name in queues if name not in limited]
    if not limited:
        return [plain]
    first = session.scalar(_OLDEST_QUEUE, {"queues": list(queues)})
    groups = [[name] for name in queues if name in limited] + ([plain] if plain else [])
    return sorted(groups, key=lambda names: first not in names)


def began(session: Session, queue: str, count: int) -> None:
    """Count starts of a queue against its rate, if it has one, and forget those that are over."""
    limit = known(session).get(queue)
    if limit is None or limit.rate_seconds is None:
        return
    over = _starts.c.started_at <= db_now(-limit.rate_seconds)
    session.execute(sa.delete(_starts).where(_starts.c.queue == queue, over))
    row = {"queue": queue, "started_at": db_now()}
    for _ in range(count):
        session.execute(sa.insert(_starts).values(row | {"id": new_id()}))


def ended(session: Session, queues: Iterable[str]) -> None:
    """Ring for the next row of a queue with a limit, because one of its executions has ended."""
    names = sorted(known(session).keys() & set(queues))
    if names:
        ring_waiting(session, names, 1)


def ring_open(session: Session) -> None:
    """Ring for the rows of queues with limits that may begin at this moment."""
    for name, room in rooms(session, known(session)).items():
        if room > 0:
            ring_waiting(session, [name], room)
