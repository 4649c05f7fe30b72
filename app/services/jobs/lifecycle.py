"""Jobs: putting their schedules to work and to rest."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import execution_state as state
from app.domain.clock import now, to_wire
from app.domain.errors import Conflict, invalid
from app.models import Execution, Job
from app.services import executions
from app.services.jobs import starts
from app.services.schedules import planning

#: So many pauses that are over are ended in one transaction.
_BATCH = 100


def pause(
    session: Session,
    job: Job,
    active: list[Execution],
    reason: str | None,
    until: datetime | None,
) -> None:
    """Pause a locked job: nothing of it begins until it is resumed, but what is started by hand.

    What runs of a recurring job goes on; a job that runs once can't be paused while it runs.
    Raises :class:`Conflict`.
    """
    if job.paused_at is not None:
        raise Conflict("the job is paused already")
    if until is not None and until <= now():
        raise invalid("until", "must be in the future", to_wire(until))
    if not _can_be_paused(job):
        raise Conflict(f"a job that is {job.status} has nothing to pause")
    if not job.schedule and any(row.status in state.STARTED for row in active):
        raise Conflict("a job that runs once can't be paused while it runs; cancel it instead")
    job.paused_at, job.paused_until, job.pause_reason = now(), until, reason
    planning.rest(session, job)
    if not job.schedule:
        for row in active:
            if row.status == state.SCHEDULED and row.attempt == 1:
                executions.withdraw(row, executions.JOB_PAUSED)
    executions.hold_waiting(session, job.id)
    executions.follow_job(session, job.id, None)


def _can_be_paused(job: Job) -> bool:
    return job.is_armed or job.status in {"scheduled", "running"}


def resume(session: Session, job: Job, actor: str, missed: str | None = None) -> int:
    """Let a locked job that is paused go on; return how many due moments passed meanwhile.

    They are one skipped execution; ``missed`` (skip, latest, all) says what makes up for them,
    else the job's own rule for missed moments. Raises :class:`Conflict`.
    """
    if job.paused_at is None:
        raise Conflict("the job is not paused")
    reason = f"paused: {job.pause_reason}" if job.pause_reason else "paused: the job was paused"
    job.paused_at = job.paused_until = job.pause_reason = None
    passed = planning.go_on(session, job, reason, missed)
    executions.let_go(session, job)
    job.status = "scheduled"
    if not job.schedule and job.enabled and not executions.in_progress(session, job.id):
        executions.revive(session, job, actor)
    executions.follow_job(session, job.id, None)
    return passed


def resume_overdue(session: Session) -> int:
    """Let jobs go on whose pause was to end by now; return how many."""
    query = sa.select(Job.id).where(Job.paused_until <= db_now()).limit(_BATCH)
    ids = session.scalars(query).all()
    for job_id in ids:
        job, _ = executions.lock_active(session, job_id)
        if job is not None and job.paused_until is not None:
            resume(session, job, "schedule")
    return len(ids)


def start(session: Session, job: Job, active: list[Execution], actor: str) -> dict[str, Any]:
    """Put a locked job to work: its schedule, or, for one that runs once, the job itself.

    A paused job is resumed, a stopped schedule begins anew. Raises :class:`Conflict`.
    """
    if job.paused_at is not None:
        resume(session, job, actor)
        return {"status": job.status}
    if not planning.schedule_of(job).is_recurring:
        return _start_once(session, job, active, actor)
    if job.is_armed:
        raise Conflict("the schedule of this job is at work already")
    job.fires = 0
    planning.arm(job, planning.clock(session))
    job.status = "scheduled"
    executions.follow_job(session, job.id, None)
    return {"status": job.status}


def _start_once(session: Session, job: Job, active: list[Execution], actor: str) -> dict[str, Any]:
    is_coming = job.scheduled_at is not None and job.scheduled_at > now()
    if job.status == "cancelled" and is_coming and not active:
        job.status = "scheduled"
        executions.revive(session, job, actor)
        return {"status": job.status}
    return starts.execute(session, job, active, {}, actor)


def begin_anew(session: Session, job: Job) -> None:
    """Let a locked job go by a changed schedule: what was planned by the old one is forgotten.

    A cancelled job stays at rest until it is started again.
    """
    moment = job.scheduled_at
    planning.disarm(session, job)
    clock = planning.clock(session)
    if job.fired_until is not None:
        job.fired_until = min(job.fired_until, clock)
    if job.schedule is None:
        job.scheduled_at = moment
    if job.status == "cancelled":
        return
    if job.schedule is not None:
        planning.arm(job, clock)
    elif job.enabled and job.paused_at is None:
        job.status = "scheduled"
        executions.revive(session, job, "schedule")
