"""Pauses: of the whole installation, of a queue, and of a worker, which is then drained.

While something is paused nothing of it begins but executions that a person started by hand. The
claim itself looks at these rows, so that a pause holds from the moment it is committed.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.clock import now
from app.domain.errors import Conflict, NotFound, invalid
from app.domain.ids import new_id
from app.gateways.broker import RESERVED
from app.models import Installation, Pause, Queue, Worker
from app.services import executions, wakeups
from app.services.executions.sql import SYSTEM_PAUSED
from app.services.schedules import closures
from app.services.schedules.closures import LONGEST_PAST


def system_pause(session: Session) -> Pause | None:
    """Return the pause of the installation that holds at this moment."""
    return session.scalar(
        sa.select(Pause).where(SYSTEM_PAUSED).order_by(Pause.began_at.desc()).limit(1)
    )


def is_open(session: Session) -> bool:
    """Return whether a pause of the installation has no end that somebody noted.

    That lasts a moment longer than the pause if it ends by itself: nothing is fired before what
    it held back has been seen to.
    """
    return session.scalar(sa.select(Pause.id).where(Pause.ended_at.is_(None)).limit(1)) is not None


def pause_system(
    session: Session, reason: str | None, until: datetime | None, actor: str
) -> dict[str, Any]:
    """Pause the installation; while it is paused, set another reason and another end."""
    if until is not None and until <= now():
        raise invalid("until", "must be in the future", until.isoformat())
    _take_turns(session)
    pause = system_pause(session)
    if pause is None:
        session.execute(sa.delete(Pause).where(Pause.began_at < now() - LONGEST_PAST))
        pause = Pause(id=new_id(), began_at=now())
        session.add(pause)
    pause.reason, pause.until, pause.actor = reason, until, actor
    session.flush()
    return wire(pause)


def resume_system(session: Session) -> dict[str, Any]:
    """End the pause of the installation, if there is one, and ring for what waits."""
    _take_turns(session)
    _end(session, sa.update(Pause).where(SYSTEM_PAUSED).values(ended_at=db_now()))
    executions.ring_waiting(session, session.scalars(sa.select(Queue.name)).all())
    return wire(None)


def end_expired(session: Session) -> None:
    """Note the end of a pause whose ``until`` has come, and ring for what waits."""
    over = sa.update(Pause).where(Pause.ended_at.is_(None), Pause.until <= db_now())
    if _end(session, over.values(ended_at=Pause.until)):
        executions.ring_waiting(session, session.scalars(sa.select(Queue.name)).all())


def _end(session: Session, ending: sa.Update) -> bool:
    """End pauses; return whether there was one."""
    began = session.scalars(
        ending.returning(Pause.began_at).execution_options(synchronize_session=False)
    ).all()
    if began:
        closures.plan_again(session, min(began))
    return bool(began)


def wire(pause: Pause | None) -> dict[str, Any]:
    """Return the pause of the installation, or that there is none, as it goes on the wire."""
    return {
        "paused": pause is not None,
        "paused_at": pause.began_at if pause else None,
        "reason": pause.reason if pause else None,
        "until": pause.until if pause else None,
        "paused_by": pause.actor if pause else None,
    }


def pause_queue(session: Session, name: str, reason: str | None, actor: str) -> None:
    """Pause a queue; while it is paused, only the reason changes. Raises :class:`NotFound`."""
    queue = get_queue(session, name)
    queue.paused_at = queue.paused_at or now()
    queue.paused_reason, queue.paused_by = reason, actor


def resume_queue(session: Session, name: str) -> None:
    """Let a queue go on, and ring for what waits. Raises :class:`NotFound`."""
    queue = get_queue(session, name)
    queue.paused_at = queue.paused_reason = queue.paused_by = None
    session.flush()
    executions.ring_waiting(session, [name])


def get_queue(session: Session, name: str) -> Queue:
    """Return a run queue, locked. Raises :class:`NotFound`."""
    queue = session.scalar(sa.select(Queue).where(Queue.name == name).with_for_update())
    if queue is None:
        raise NotFound("Queue not found")
    return queue


def drain_worker(session: Session, worker_id: str) -> None:
    """Have a worker take no more work; it goes on with what runs.

    Raises :class:`NotFound`, and :class:`Conflict` for a worker that serves no run queues.
    """
    worker = _living(session, worker_id)
    if set(_lanes(worker)) & set(RESERVED):
        raise Conflict("this worker serves lanes of the product, which nobody else may serve")
    worker.drained_at = worker.drained_at or now()
    session.flush()
    wakeups.forget_slots()
    executions.ring_waiting(session, _lanes(worker))


def resume_worker(session: Session, worker_id: str) -> None:
    """Have a drained worker take work again, and ring for what waits for it."""
    worker = _living(session, worker_id)
    worker.drained_at = None
    session.flush()
    wakeups.forget_slots()
    executions.ring_waiting(session, _lanes(worker))


def _living(session: Session, worker_id: str) -> Worker:
    query = sa.select(Worker).where(Worker.id == worker_id, Worker.stopped_at.is_(None))
    worker = session.scalar(query.with_for_update())
    if worker is None:
        raise NotFound("Worker not found")
    return worker


def _lanes(worker: Worker) -> Sequence[str]:
    return [name for name in worker.queues.split(",") if name]


def _take_turns(session: Session) -> None:
    """Let those who pause and resume the installation do so one after the other."""
    session.execute(sa.select(Installation.id).with_for_update())
