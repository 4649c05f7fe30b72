"""How executions come to be, and how those that are due reach their run queues."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import concurrency
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.events import ExecutionMoved
from app.domain.ids import new_id
from app.events import emit
from app.gateways.messages import Pair, Ring
from app.models import Execution, Job
from app.services import tracing
from app.services.driver.inserts import Insert
from app.services.driver.lists import is_one_of
from app.services.driver.prepared import Prepared
from app.services.executions import keys
from app.services.executions.overlaps import decide_overlap
from app.services.executions.sql import NO_MOMENT_OF_A_PAUSE, another_in_progress
from app.services.wakeups import hand_off_after_commit, is_soon, ring_after_commit

_INSERT = Insert(Execution.__table__)


def born(job: Job, run_at: datetime, origin: str, actor: str | None, **over: Any) -> dict[str, Any]:
    """Return the row of a new execution of ``job``; it takes the job's next number.

    ``over`` replaces single columns, such as ``status="queued"`` for what is due now.
    """
    job.last_number += 1
    row_id = new_id()
    row: dict[str, Any] = {
        "id": row_id,
        "root_execution_id": row_id,
        "job_id": job.id,
        "project_id": job.project_id,
        "number": job.last_number,
        "status": state.SCHEDULED,
        "origin": origin,
        "actor": actor,
        "on_lost": job.on_lost,
        "exclusive_key": None if job.overlap == "allow" else job.id,
        "concurrency_key": None,
        "queue": job.queue,
        "priority": job.priority,
        "due_at": run_at,
        "run_at": run_at,
        "created_at": now(),
    } | over
    if job.concurrency_key:
        row["concurrency_key"] = concurrency.render(job.concurrency_key, job)
        row["concurrency_limit"] = job.concurrency_limit
    if row["status"] == state.QUEUED:
        row["queued_at"] = row["created_at"]
        row["blocked_on"] = row.get("blocked_on") or row["concurrency_key"]
    elif row["status"] == state.SCHEDULED and is_soon(row["run_at"]):
        row["handed_at"] = row["created_at"]
    return row


def place_of(row: Execution) -> dict[str, Any]:
    """Return the columns by which another attempt stays what the one before it was.

    A link of a chain run goes to the queue of the link, which may be another than the job's. What
    was started by hand keeps its own priority, and goes beside others if it was asked to.
    """
    if row.chain_run_id is None:
        return _own_of(row) if row.origin == "manual" else {}
    return {
        "chain_run_id": row.chain_run_id,
        "link_index": row.link_index,
        "queue": row.queue,
        "priority": row.priority,
    }


def _own_of(row: Execution) -> dict[str, Any]:
    return {"priority": row.priority, "exclusive_key": row.exclusive_key}


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert new executions. After the commit those due now are rung, those due soon handed off."""
    session.flush()
    if not rows:
        return
    tracing.give(session, rows)
    _INSERT.run(session, rows)
    waiting = [r for r in rows if r["status"] == state.QUEUED and r["concurrency_key"]]
    keys.touch(session, [r["concurrency_key"] for r in waiting], [r["id"] for r in waiting])
    claimable = [r for r in rows if r["status"] == state.QUEUED and not r.get("blocked_on")]
    ring_after_commit(
        session,
        [Ring(r["queue"], r["priority"], (r["id"], 1), r.get("chain_run_id")) for r in claimable],
    )
    soon = [(r["run_at"], (r["id"], 1)) for r in rows if r.get("handed_at")]
    hand_off_after_commit(session, soon)
    for row in rows:
        if row["status"] != state.SKIPPED:  # what became of those is told by who skips them
            emit(session, ExecutionMoved(row["id"], row["job_id"], row["status"]))


_executions: Any = Execution.__table__
_pair = _executions.c.id + sa.literal_column("' '") + sa.cast(_executions.c.generation, sa.String)
#: As ``DUE``, but not to be found by its index: SQLite would walk through all that is overdue.
_PLANNED = sa.text("executions.status || '' = 'scheduled' AND executions.blocked_on IS NULL")
#: The ids alone lead both databases to the primary key; the pairs do not.
_due = (
    is_one_of(_executions.c.id, "ids"),
    is_one_of(_pair, "pairs"),
    _PLANNED,
    _executions.c.run_at <= db_now(),
    NO_MOMENT_OF_A_PAUSE,
)
_MOVED = ("id", "job_id", "generation", "queue", "priority", "concurrency_key", "chain_run_id")
_QUEUE = Prepared(
    sa.update(_executions)
    .where(*_due, sa.or_(_executions.c.exclusive_key.is_(None), ~another_in_progress()))
    .values(
        status=sa.literal_column(f"'{state.QUEUED}'"),
        queued_at=db_now(),
        blocked_on=_executions.c.concurrency_key,
    )
    .returning(*(_executions.c[name] for name in _MOVED))
)
_LEFT = sa.select(Execution).where(*_due)


def queue_due(session: Session, pairs: Sequence[Pair]) -> int:
    """Move rows that are due by the database's clock to their run queues, and ring.

    A pair with an older generation, one not due yet, or a moment that is in a pause of the
    installation is left alone. What overlaps an execution in progress is decided by its job's
    policy. Returns how many rows moved.
    """
    if not pairs:
        return 0
    session.flush()
    wanted = {
        "ids": [row_id for row_id, _ in pairs],
        "pairs": [f"{row_id} {generation}" for row_id, generation in pairs],
    }
    moved = _QUEUE.rows(session, wanted)
    keyed = [m for m in moved if m.concurrency_key]
    keys.touch(session, [m.concurrency_key for m in keyed], [m.id for m in keyed])
    free = [m for m in moved if not m.concurrency_key]
    rings = [Ring(m.queue, m.priority, (m.id, m.generation), m.chain_run_id) for m in free]
    ring_after_commit(session, rings)
    for m in moved:
        emit(session, ExecutionMoved(m.id, m.job_id, state.QUEUED))
    if len(moved) < len(pairs):
        for row in session.scalars(_LEFT, wanted).all():
            decide_overlap(session, row)
    return len(moved)
