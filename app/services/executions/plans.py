"""Changing executions that wait for their moment; older messages for them die at the claim."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.gateways.messages import Ring
from app.models import Execution, Job
from app.services import tracing
from app.services.access import sight
from app.services.executions import keys
from app.services.executions.births import add, born
from app.services.executions.following import follow_job
from app.services.executions.holds import place_under_key
from app.services.executions.overlaps import cancel, free_held
from app.services.executions.sql import ACTIVE
from app.services.wakeups import hand_off_after_commit, is_soon, ring_after_commit

JOB_DISABLED = "job disabled"
JOB_PAUSED = "job paused"
#: Reasons for which the system takes back an execution that it may plan again.
WITHDRAWN = (JOB_DISABLED, JOB_PAUSED)
#: PostgreSQL takes them from the left to the right; a row holds some 1,600 values.
_TURNS_A_QUERY = 500


def take_turn_with(session: Session, job_ids: Iterable[str]) -> None:
    """Wait for the turn with some jobs, before any of their rows is locked.

    Who needs several asks for all of them at once: they are taken in one order by everybody. On
    SQLite the unit of work has the only lock there is already.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    hashes = (sa.func.hashtextextended(f"job {job_id}", 0) for job_id in sorted(set(job_ids)))
    turns = [sa.func.pg_advisory_xact_lock(one) for one in hashes]
    for start in range(0, len(turns), _TURNS_A_QUERY):
        session.execute(sa.select(*turns[start : start + _TURNS_A_QUERY]))


def lock_active(session: Session, job_id: str) -> tuple[Job | None, list[Execution]]:
    """Lock a job and its active executions, in the order in which claims and settles do it.

    Who changes a job comes through here one after the other: two who lock the same rows in
    turns would wait for each other.
    """
    take_turn_with(session, [job_id])
    query = (
        sa.select(Execution)
        .where(Execution.job_id == job_id, ACTIVE)
        .order_by(Execution.number)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    session.scalars(query).all()
    job = session.get(Job, job_id, with_for_update=True, populate_existing=True)
    return job, list(session.scalars(query))


def replan(
    session: Session, row: Execution, job: Job, run_at: datetime, priority: int | None = None
) -> None:
    """Move a waiting execution to another moment, and to where its job runs now.

    It takes its job's priority unless it is given one of its own.
    """
    row.generation += 1
    row.run_at = run_at
    row.due_at = run_at if row.attempt == 1 else row.due_at
    row.queue, row.project_id = job.queue, job.project_id
    row.priority = priority or job.priority
    row.on_lost = job.on_lost
    row.exclusive_key = None if job.overlap == "allow" else job.id
    place_under_key(row, job)
    if run_at <= now():
        row.status, row.queued_at = state.QUEUED, now()
        if row.blocked_on != job.id and keys.queue_or_hold(session, row):
            pair = (row.id, row.generation)
            ring_after_commit(session, [Ring(row.queue, row.priority, pair, row.chain_run_id)])
        return
    if row.blocked_on != job.id:
        row.blocked_on = None
    row.status, row.queued_at, row.handed_at = state.SCHEDULED, None, None
    if is_soon(run_at):
        row.handed_at = now()
        hand_off_after_commit(session, [(run_at, (row.id, row.generation))])


def start_now(
    session: Session,
    row: Execution,
    job: Job,
    parameters: str | None,
    actor: str,
    priority: int | None = None,
) -> None:
    """Start a planned execution at once, because somebody asked for it."""
    row.origin, row.actor, row.parameters = "manual", actor, parameters
    tracing.start_by_request(session, row)
    replan(session, row, job, now(), priority)
    follow_job(session, job.id, None)


def start_another(
    session: Session,
    job: Job,
    others: Sequence[Execution],
    parameters: str | None,
    actor: str,
    **over: Any,
) -> dict[str, Any]:
    """Add a manual execution of a job; the overlap policy says what becomes of the others.

    ``over`` replaces single columns, such as its origin.
    """
    waits = others and job.overlap in {"queue", "cancel_running"}
    row = born(
        job,
        now(),
        over.pop("origin", "manual"),
        actor,
        status=state.QUEUED,
        parameters=parameters,
        blocked_on=job.id if waits else None,
        **over,
    )
    add(session, [row])
    if job.overlap == "cancel_running":
        for other in sorted(others, key=lambda o: o.blocked_on is None):
            cancel(session, other)
    if waits:
        free_held(session, job.id)
    follow_job(session, job.id, None)
    return row


def withdraw(row: Execution, reason: str) -> None:
    """Take back a waiting execution on behalf of the system; it can be revived."""
    keys.leave(row)
    row.status, row.completed_at, row.reason = state.CANCELLED, now(), reason
    row.generation, row.blocked_on = row.generation + 1, None


@sight.unlimited()
def revive(session: Session, job: Job, actor: str) -> None:
    """Plan the execution again that the system withdrew, or a first one."""
    if job.scheduled_at is None:
        return
    run_at = max(job.scheduled_at, now())
    row = session.scalar(
        sa.select(Execution)
        .where(Execution.job_id == job.id, Execution.reason.in_(WITHDRAWN))
        .where(Execution.status == state.CANCELLED, Execution.started_at.is_(None))
        .order_by(Execution.number.desc())
        .limit(1)
    )
    if row is None:
        is_due = run_at <= now()
        status = state.QUEUED if is_due else state.SCHEDULED
        add(session, [born(job, run_at, "api" if is_due else "schedule", actor, status=status)])
        return
    row.completed_at = row.reason = None
    replan(session, row, job, run_at)
