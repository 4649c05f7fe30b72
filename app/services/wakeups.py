"""Waking somebody up for rows, after the commit that made them ready."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit, db_now
from app.domain.clock import now
from app.gateways import broker
from app.gateways.broker import Pair, Ring
from app.models import Worker

_RINGS = "rings"
#: A worker silent for longer than this serves nothing.
ALIVE_SECONDS = 15

#: Rows due within 10 ms of one another share a release message, up to so many.
BUCKET_MILLISECONDS = 10
ROWS_A_MESSAGE = 500

_horizon = timedelta(seconds=10)
_slots: tuple[float, dict[str, int]] = (0.0, {})


def configure(horizon_seconds: float) -> None:
    """Set how long before it is due a row is handed to the broker."""
    global _horizon  # noqa: PLW0603 - fixed at the start of the process
    _horizon = timedelta(seconds=horizon_seconds)


def is_soon(run_at: datetime) -> bool:
    """Return whether a row due at this moment goes to the broker at once."""
    return run_at <= now() + _horizon


def hand_off_after_commit(session: Session, rows: Sequence[tuple[datetime, Pair]]) -> None:
    """Publish the release messages of rows, given with their ``run_at``, after the commit."""
    if rows:
        after_commit(session, lambda: _hand_off(rows))


def ring_after_commit(session: Session, rings: Iterable[Ring]) -> None:
    """Ring once the unit of work is committed; all its rings go out together."""
    rings = list(rings)
    if not rings:
        return
    pending = session.info.get(_RINGS)
    if pending is None:
        pending = session.info[_RINGS] = []
        after_commit(session, lambda: _ring(session))
    pending.extend(rings)
    slots_by_queue(session)


def forget_slots() -> None:
    """Have this process ask anew which slots there are."""
    global _slots  # noqa: PLW0603 - a cache of this process
    _slots = (0.0, {})


def slots_by_queue(session: Session) -> dict[str, int]:
    """Return how many slots of workers that take work serve each queue; known for one second."""
    global _slots  # noqa: PLW0603 - a cache of this process
    read_at, known = _slots
    if time.monotonic() - read_at < 1:
        return known
    query = sa.select(Worker.queues, Worker.slots).where(
        Worker.stopped_at.is_(None),
        Worker.drained_at.is_(None),
        Worker.heartbeat_at > db_now(-ALIVE_SECONDS),
    )
    found: dict[str, int] = {}
    for queues, slots in session.execute(query):
        for queue in queues.split(","):
            found[queue] = found.get(queue, 0) + slots
    _slots = (time.monotonic(), found)
    return found


def _ring(session: Session) -> None:
    rings = session.info.pop(_RINGS, [])
    if rings:
        broker.ring(rings, _slots[1])


def _hand_off(rows: Sequence[tuple[datetime, Pair]]) -> None:
    buckets: dict[datetime, list[Pair]] = defaultdict(list)
    for run_at, pair in rows:
        within = run_at.microsecond // 1000 % BUCKET_MILLISECONDS
        buckets[run_at - timedelta(milliseconds=within)].append(pair)
    broker.hand_off(
        (moment, pairs[start : start + ROWS_A_MESSAGE])
        for moment, pairs in sorted(buckets.items())
        for start in range(0, len(pairs), ROWS_A_MESSAGE)
    )
