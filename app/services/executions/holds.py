"""Executions of a job that is paused: they wait, and go on with it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import concurrency
from app.domain import execution_state as state
from app.domain.clock import now
from app.gateways.messages import Ring
from app.models import Execution, Job
from app.services.access import sight
from app.services.executions import keys
from app.services.executions.overlaps import free_held, pause_key
from app.services.executions.sql import ACTIVE
from app.services.wakeups import hand_off_after_commit, is_soon, ring_after_commit


@sight.unlimited()
def place_waiting(session: Session, job: Job) -> None:
    """Move a job's waiting executions to where it runs now; their moments stay."""
    session.flush()
    query = sa.select(Execution).where(Execution.job_id == job.id, ACTIVE)
    for row in session.scalars(query.order_by(Execution.number)).all():
        if row.status in state.WAITING:
            _place(session, row, job)


def _place(session: Session, row: Execution, job: Job) -> None:
    row.generation += 1
    row.project_id, row.on_lost = job.project_id, job.on_lost
    if row.chain_run_id is None:
        row.queue, row.priority = job.queue, job.priority
    if row.origin != "catchup":
        row.exclusive_key = None if job.overlap == "allow" else job.id
    place_under_key(row, job)
    if row.blocked_on in {job.id, pause_key(job.id)}:
        return
    pair = (row.id, row.generation)
    if row.status == state.QUEUED:
        if keys.queue_or_hold(session, row):
            ring_after_commit(session, [Ring(row.queue, row.priority, pair, row.chain_run_id)])
        return
    row.handed_at = None
    if is_soon(row.run_at):
        row.handed_at = now()
        hand_off_after_commit(session, [(row.run_at, pair)])


def place_under_key(row: Execution, job: Job) -> None:
    """Have a row count under the key that its job has now."""
    keys.leave(row)
    template = job.concurrency_key
    row.concurrency_key = concurrency.render(template, job) if template else None
    row.concurrency_limit = job.concurrency_limit if template else None


@sight.unlimited()
def hold_waiting(session: Session, job_id: str) -> None:
    """Hold what waits of a job that is paused, but starts by hand."""
    session.flush()
    held = session.scalars(
        sa.update(Execution)
        .where(Execution.job_id == job_id, ACTIVE, Execution.status.in_(state.WAITING))
        .where(Execution.origin != "manual")
        .values(blocked_on=pause_key(job_id), generation=Execution.generation + 1)
        .returning(Execution.concurrency_key)
        .execution_options(synchronize_session="fetch")
    )
    keys.touch(session, held.all())


@sight.unlimited()
def let_go(session: Session, job: Job) -> None:
    """Let what was held by a pause wait for its turn again."""
    query = sa.select(Execution).where(Execution.blocked_on == pause_key(job.id))
    for row in session.scalars(query.order_by(Execution.run_at)).all():
        row.blocked_on = row.exclusive_key if row.status == state.QUEUED else None
        _place(session, row, job)
    free_held(session, job.id)
