"""Waking somebody up for rows, after the commit that made them ready."""

import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit, db_now, reading
from app.domain import chains
from app.domain.clock import now
from app.gateways import broker
from app.gateways.messages import Pair, Release, Ring, Step
from app.models import ChainRun, Worker
from app.services.access import sight

log = logging.getLogger(__name__)

_RINGS = "rings"
_TAILS = "tails"
_CARRIED = "carried"
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
    for run_id in filter(None, (ring.chain_run_id for ring in rings)):
        publish_tail_after_commit(session, run_id)
    rings = [ring for ring in rings if ring.chain_run_id is None]
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


@contextlib.contextmanager
def carrying(session: Session, chain_run_id: str) -> Iterator[None]:
    """Publish no tail of this chain run in here: the caller's own message brings the next link."""
    carried = session.info.setdefault(_CARRIED, set())
    carried.add(chain_run_id)
    try:
        yield
    finally:
        carried.discard(chain_run_id)


def publish_tail_after_commit(session: Session, chain_run_id: str) -> None:
    """Publish what is left of a chain run once the unit of work is committed."""
    if chain_run_id in session.info.get(_CARRIED, ()):
        return
    pending = session.info.setdefault(_TAILS, set())
    if chain_run_id not in pending:
        pending.add(chain_run_id)
        after_commit(session, lambda: publish_tail(chain_run_id))


@sight.unlimited()
def publish_tail(chain_run_id: str) -> None:
    """Publish the chain of the links that are left of a run, from the one whose turn it is.

    Hand-off, resume and repair all come here. A link that has a message already gets a second
    one, which dies at the claim.
    """
    with reading() as session:
        run = session.get(ChainRun, chain_run_id)
    if run is None or run.status != chains.RUNNING:
        return
    links = orjson.loads(run.links)[run.current_index - 1 :]
    broker.publish_chain(
        [
            Step(link["queue"], link["priority"], run.id, link["index"], run.generation)
            for link in links
        ]
    )


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


def drop_needless_rings(session: Session, queues: Iterable[str]) -> None:
    """Drop the rings that nobody needs, of queues in which nothing waits.

    They pile up while no worker is there, one for each row; the first few bring it all.
    """
    slots = slots_by_queue(session)
    for queue in queues:
        if dropped := broker.drop_needless_rings(queue, slots.get(queue, 0)):
            log.info("%d rings of the queue %s had nothing left to do", dropped, queue)


def _ring(session: Session) -> None:
    rings = session.info.pop(_RINGS, [])
    if rings:
        broker.ring(rings, _slots[1])


def _hand_off(rows: Sequence[tuple[datetime, Pair]]) -> None:
    buckets: dict[datetime, list[tuple[datetime, Pair]]] = defaultdict(list)
    for run_at, pair in rows:
        within = run_at.microsecond // 1000 % BUCKET_MILLISECONDS
        buckets[run_at - timedelta(milliseconds=within)].append((run_at, pair))
    broker.hand_off(
        _release(moment, found[start : start + ROWS_A_MESSAGE])
        for moment, found in sorted(buckets.items())
        for start in range(0, len(found), ROWS_A_MESSAGE)
    )


def _release(moment: datetime, rows: Sequence[tuple[datetime, Pair]]) -> Release:
    return Release(moment, max(run_at for run_at, _ in rows), [pair for _, pair in rows])
