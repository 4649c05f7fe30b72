"""What happens when two executions of one job would run side by side, and how one is cancelled."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Conflict
from app.domain.events import ExecutionEnded, ExecutionMoved, ExecutionSkipped
from app.events import emit
from app.gateways.messages import Ring
from app.models import Execution, Job
from app.services.access import sight
from app.services.executions import keys
from app.services.executions.following import follow_job
from app.services.executions.sql import ACTIVE, CLAIMABLE, another_holds_the_key, key_is_in_use
from app.services.wakeups import ring_after_commit


def pause_key(job_id: str) -> str:
    """Return what rows of a paused job wait for."""
    return f"pause:{job_id}"


def is_held(row: Execution) -> bool:
    """Return whether a row waits for the end of its job's pause."""
    return row.blocked_on == pause_key(row.job_id)


@sight.unlimited()
def in_progress(session: Session, job_id: str) -> list[Execution]:
    """Return a job's executions that make another start of it an overlap."""
    query = sa.select(Execution).where(
        Execution.job_id == job_id,
        ACTIVE,
        sa.or_(Execution.status != state.SCHEDULED, Execution.attempt > 1),
    )
    return list(session.scalars(query))


@sight.unlimited()
def decide_overlap(session: Session, row: Execution) -> None:
    """Apply the job's overlap policy to a row that has come due beside another.

    A retry waits whatever the policy is: its moment was let through already.
    """
    policy = session.scalar(sa.select(Job.overlap).where(Job.id == row.job_id))
    others = [o for o in in_progress(session, row.job_id) if o.id != row.id]
    policy = "queue" if row.attempt > 1 else policy
    if policy == "skip":
        row.status, row.completed_at = state.SKIPPED, now()
        keys.leave(row)
        row.reason = f"overlap: execution {others[0].id} was in progress" if others else "overlap"
        emit(session, ExecutionSkipped(row.id, row.job_id, row.chain_run_id))
        follow_job(session, row.job_id, None)
        return
    if policy == "cancel_running":
        for other in others:
            cancel(session, other)
    keys.leave(row)
    row.status, row.queued_at, row.blocked_on = state.QUEUED, now(), row.exclusive_key
    session.flush()
    free_held(session, row.job_id)


@sight.unlimited()
def resolve_overlaps(session: Session, queues: Sequence[str]) -> None:
    """Let policy decide on claimable rows whose key another execution holds at this moment."""
    query = sa.select(Execution).where(
        Execution.queue.in_(queues), CLAIMABLE, another_holds_the_key()
    )
    for row in session.scalars(query.with_for_update(skip_locked=True)).all():
        decide_overlap(session, row)


#: Retries go first: the others wait for the due moment that they belong to.
_NEXT_HELD = (
    sa.select(Execution)
    .where(Execution.blocked_on == sa.bindparam("key"), ~key_is_in_use(sa.bindparam("key")))
    .order_by((Execution.attempt > 1).desc(), Execution.priority.desc(), Execution.run_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


@sight.unlimited()
def free_held(session: Session, key: str) -> None:
    """Let the next row that waits for ``key`` go to its queue, if nothing uses the key."""
    session.flush()
    held = session.scalar(_NEXT_HELD, {"key": key})
    if held is not None and keys.queue_or_hold(session, held):
        pair = (held.id, held.generation)
        ring_after_commit(session, [Ring(held.queue, held.priority, pair, held.chain_run_id)])


@sight.unlimited()
def cancel(session: Session, row: Execution, *, force: bool = False) -> str:
    """Cancel an execution: at once if it has not started, else ask its owner to end it."""
    if row.status in state.FINAL:
        raise Conflict(f"execution is already {row.status}")
    if row.status in state.STARTED:
        row.status, row.cancel_forced = state.CANCELLING, row.cancel_forced or force
        emit(session, ExecutionMoved(row.id, row.job_id, row.status))
        return row.status
    row.status, row.completed_at, row.error = state.CANCELLED, now(), "Job cancelled by user"
    row.error_code, row.blocked_on, row.generation = "CANCELLED", None, row.generation + 1
    keys.leave(row)
    follow_job(session, row.job_id, "cancelled")
    emit(session, ExecutionEnded(row.id, row.job_id, row.status, chain_run_id=row.chain_run_id))
    if row.exclusive_key:
        free_held(session, row.exclusive_key)
    return state.CANCELLED
