"""The workers: who serves which lanes, who is alive."""

import os
import socket
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.clock import now
from app.domain.ids import new_id
from app.gateways.broker import RESERVED
from app.models import Execution, Queue, Worker
from app.services import recovery
from app.services.access import sight
from app.services.executions.sql import STARTED
from app.services.wakeups import ALIVE_SECONDS
from app.version import VERSION

DEFAULT_QUEUE = "default"


@dataclass(frozen=True, slots=True)
class Registration:
    """What a worker process says of itself when it starts."""

    pool: str
    queues: tuple[str, ...]
    slots: int


def host_key() -> str:
    """Return where this machine's process numbers mean something: boot and process namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()}/{int(psutil.boot_time())}"


def register(session: Session, entry: Registration) -> str:
    """Add a row for the calling process and return the worker's id."""
    host = socket.gethostname()
    worker = Worker(
        id=f"{host}-{os.getpid()}-{new_id()[-6:]}",
        host=host,
        host_key=host_key(),
        pid=os.getpid(),
        pool=entry.pool,
        queues=",".join(entry.queues),
        slots=entry.slots,
        version=VERSION,
        started_at=now(),
        heartbeat_at=now(),
    )
    session.add(worker)
    session.flush()
    session.execute(sa.update(Worker).where(Worker.id == worker.id).values(heartbeat_at=db_now()))
    return worker.id


def heartbeat(session: Session, worker_id: str, *, consuming: bool, slots: int) -> None:
    """Say that a worker lives; ``consuming`` says that it took messages since the last time."""
    values: dict[str, Any] = {"heartbeat_at": db_now(), "slots": slots}
    if consuming:
        values["consumed_at"] = db_now()
    session.execute(sa.update(Worker).where(Worker.id == worker_id).values(**values))


def set_queues(session: Session, worker_id: str, queues: Sequence[str]) -> None:
    """Record that a worker serves other queues now."""
    session.execute(sa.update(Worker).where(Worker.id == worker_id).values(queues=",".join(queues)))


def stop(session: Session, worker_id: str, reason: str) -> int:
    """Record that a worker is gone and judge what it still ran; return how many rows."""
    session.execute(
        sa.update(Worker)
        .where(Worker.id == worker_id, Worker.stopped_at.is_(None))
        .values(stopped_at=db_now())
    )
    return recovery.lose_owned(session, worker_id, None, reason)


def stop_dead_on_this_host(session: Session) -> int:
    """Judge what workers of this host ran whose process no longer exists; return how many rows."""
    query = sa.select(Worker).where(Worker.host_key == host_key(), Worker.stopped_at.is_(None))
    dead = [w for w in session.scalars(query).all() if not _lives(w)]
    return sum(stop(session, worker.id, "its process was gone") for worker in dead)


def _lives(worker: Worker) -> bool:
    try:
        started = psutil.Process(worker.pid).create_time()
    except psutil.Error:
        return False
    return started <= worker.started_at.timestamp() + 2


def stop_by_pid(session: Session, pid: int) -> int:
    """Judge what the worker with this process number on this host ran."""
    ids = session.scalars(
        sa.select(Worker.id).where(
            Worker.host_key == host_key(), Worker.pid == pid, Worker.stopped_at.is_(None)
        )
    ).all()
    return sum(stop(session, worker_id, "its process died") for worker_id in ids)


def forget_silent(session: Session, seconds: float = 3600) -> None:
    """Drop rows of workers that ended or fell silent long ago."""
    session.execute(sa.delete(Worker).where(Worker.heartbeat_at < db_now(-seconds)))


def is_drained(session: Session, worker_id: str) -> bool:
    """Return whether a worker shall take no more work."""
    query = sa.select(Worker.drained_at).where(Worker.id == worker_id)
    return session.scalar(query) is not None


def run_queues(session: Session) -> tuple[str, ...]:
    """Return all run queues, the default one first."""
    names = session.scalars(sa.select(Queue.name).order_by(Queue.created_at, Queue.name)).all()
    return tuple(dict.fromkeys((DEFAULT_QUEUE, *names)))


def living(session: Session) -> list[dict[str, Any]]:
    """Return the workers that live, by host and age, each with the executions that it runs."""
    consumes = sa.func.coalesce(Worker.consumed_at > db_now(-ALIVE_SECONDS), sa.false())
    query = sa.select(Worker, consumes).where(*_alive())
    rows = session.execute(query.order_by(Worker.host, Worker.started_at, Worker.id)).all()
    running: dict[str | None, list[str]] = defaultdict(list)
    claims = sa.select(Execution.worker, Execution.id).where(STARTED).order_by(Execution.id)
    for worker_id, execution_id in session.execute(claims):
        running[worker_id].append(execution_id)
    shown = (
        None if sight.limited() is None else {*session.scalars(sa.select(Queue.name)), *RESERVED}
    )
    return [_wire(w, _queues(w, shown), running[w.id], consuming=bool(t)) for w, t in rows]


def _queues(worker: Worker, shown: Collection[str] | None) -> list[str]:
    """Return the queues that a worker serves, without those whose names are hidden."""
    names = [name for name in worker.queues.split(",") if name]
    return [name for name in names if shown is None or name in shown]


def _wire(
    worker: Worker, queues: list[str], running: list[str], *, consuming: bool
) -> dict[str, Any]:
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "pool": worker.pool,
        "queues": queues,
        "slots": worker.slots,
        "slots_used": min(len(running), worker.slots),
        "consuming": consuming,
        "drained": worker.drained_at is not None,
        "heartbeat_at": worker.heartbeat_at,
        "running": running,
        "version": worker.version,
        "started_at": worker.started_at,
    }


def _alive() -> tuple[sa.ColumnElement[bool], ...]:
    return (Worker.stopped_at.is_(None), Worker.heartbeat_at > db_now(-ALIVE_SECONDS))


def status(session: Session) -> dict[str, Any]:
    """Return how many run slots there are and what they do."""
    rows = session.execute(sa.select(Worker.queues, Worker.slots).where(*_alive()))
    total = sum(slots for queues, slots in rows if not set(queues.split(",")) & set(RESERVED))
    running = session.scalars(sa.select(Execution.job_id).where(STARTED)).all()
    queued = session.scalar(
        sa.select(sa.func.count()).select_from(Execution).where(Execution.status == "queued")
    )
    active = min(len(running), total) if total else len(running)
    return {
        "total_workers": total,
        "active_workers": active,
        "available_workers": max(total - active, 0),
        "idle_workers": max(total - active, 0),
        "queued_jobs": queued or 0,
        "running_jobs": list(running),
        "is_running": total > 0,
    }
