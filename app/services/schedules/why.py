"""Why a due moment ran, was late, or did not run: the decisions, in the order they were made."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now, to_wire
from app.domain.schedules import describe
from app.models import Execution, Job, Pause, Queue
from app.services.access import sight
from app.services.executions.sql import ACTIVE, SYSTEM_PAUSED
from app.services.schedules import planning
from app.services.wakeups import slots_by_queue

#: A start so soon after its moment is on time.
PUNCTUAL = timedelta(seconds=1)
_TICK = timedelta(milliseconds=1)
Step = dict[str, Any]

_ORIGINS = {
    "api": "It was asked for when its job was made",
    "manual": "Somebody started it by hand",
    "schedule": "Its schedule said so",
    "catchup": "It makes up for a moment that was missed",
    "chain": "Its chain came to this link",
    "trigger": "A trigger called",
    "replay": "Somebody replayed another execution",
}


def of_execution(session: Session, row: Execution) -> dict[str, Any]:
    """Return the decisions behind an execution, and the answer in one sentence."""
    with sight.unlimited():  # who sees an execution may know its reasons
        job = session.get_one(Job, row.job_id)
    steps = [*_birth(job, row), *_way(row), *_now(session, row), *_end(row)]
    return {"execution_id": row.id, "status": row.status, "answer": _answer(row), "steps": steps}


def of_moment(session: Session, job: Job, at: datetime) -> dict[str, Any]:
    """Return why a job ran at a moment or did not: its execution's decisions, or a reason."""
    row = _row_at(session, job, at)
    if row is not None:
        return {"at": at, **of_execution(session, row)}
    steps = [*_arithmetic(job, at)]
    answer, told = _why_no_row(job, at)
    steps.append(_step("ledger", told, None))
    return {"at": at, "execution_id": None, "status": None, "answer": answer, "steps": steps}


def _step(name: str, text: str, at: datetime | None) -> Step:
    return {"step": name, "text": text, "at": at}


def _row_at(session: Session, job: Job, at: datetime) -> Execution | None:
    """Return the newest attempt for a moment, or the row that stands for it and others."""
    mine = sa.select(Execution).where(Execution.job_id == job.id)
    exact = mine.where(Execution.due_at == at)
    spanning = mine.where(Execution.due_at <= at, Execution.due_until >= at)
    near = mine.where(Execution.due_at.between(at - PUNCTUAL, at + PUNCTUAL))
    for query in (exact, spanning, near):
        row = session.scalars(query.order_by(Execution.number.desc()).limit(1)).first()
        if row is not None:
            return row
    return None


def _arithmetic(job: Job, at: datetime) -> Iterator[Step]:
    schedule = planning.schedule_of(job)
    local = at.astimezone(ZoneInfo(job.timezone)).isoformat(timespec="seconds")
    if not schedule.is_recurring:
        moment = to_wire(job.scheduled_at) if job.scheduled_at else "no moment"
        yield _step("schedule", f"It runs {describe(schedule)}, planned for {moment}", at)
        return
    words = describe(schedule)
    if schedule.type == "fixed_delay":
        yield _step("schedule", f"{words}: its moments follow the ends of its executions", at)
        return
    before, after = at - _TICK, at
    is_due = schedule.next_after(before, job.anchor_at) == at
    if is_due:
        yield _step("schedule", f"{words}: {local} is a due moment", at)
    else:
        coming = schedule.next_after(after, job.anchor_at)
        text = f"the next one after it is {to_wire(coming)}" if coming else "none follows"
        yield _step("schedule", f"{words}: {local} is no due moment; {text}", at)
    blackout = schedule.blackout_at(at)
    if is_due and blackout is not None:
        yield _step("blackout", f"It lies in a blackout: {blackout.describe()}", at)


def _why_no_row(job: Job, at: datetime) -> tuple[str, str]:
    """Return the answer, and what the ledger shows, for a moment that has no row."""
    schedule = planning.schedule_of(job)
    if at < job.created_at:
        return "The job did not exist yet.", f"The job was made at {to_wire(job.created_at)}"
    is_due = schedule.is_recurring and schedule.next_after(at - _TICK, job.anchor_at) == at
    if at > now():
        return _future(job, is_due=is_due)
    if schedule.type != "fixed_delay" and not is_due:
        return "It was not due then.", "No execution was due at that moment"
    return _past(job, at)


def _past(job: Job, at: datetime) -> tuple[str, str]:
    if job.off_since is not None and at >= job.off_since:
        rests = "is paused" if job.paused_at else "is disabled"
        text = f"The schedule rests since {to_wire(job.off_since)}: the job {rests}"
        return f"It did not run: the job {rests}.", text
    if not job.is_armed:
        return "Its schedule is not at work.", "The schedule was stopped, or is over"
    text = "There is no row: it was due before the present schedule, or retention took it away"
    return "The ledger no longer knows.", text


def _future(job: Job, *, is_due: bool) -> tuple[str, str]:
    if not is_due:
        return "It will not be due then.", "That moment has yet to come"
    if job.off_since is not None:
        return "It will not run unless the job goes on by then.", "The schedule rests"
    return "It will run then.", "That moment has yet to come"


def _birth(job: Job, row: Execution) -> Iterator[Step]:
    if row.origin == "schedule" and job.schedule:
        yield from _arithmetic(job, row.due_at)
    else:
        yield _step("origin", _ORIGINS.get(row.origin, row.origin), row.created_at)
    if row.attempt > 1:
        text = f"Attempt {row.attempt}: execution {row.parent_execution_id} had ended badly"
        yield _step("retry", text, row.created_at)
    if row.catches_up_id:
        yield _step("catch-up", f"Execution {row.catches_up_id} was missed", row.created_at)
    if row.run_at > row.due_at and row.attempt == 1 and row.origin == "schedule":
        seconds = (row.run_at - row.due_at).total_seconds()
        yield _step("jitter", f"Its job's jitter moves it by {seconds:g} s", row.run_at)


def _way(row: Execution) -> Iterator[Step]:
    if row.handed_at is not None:
        yield _step("hand-off", "It was handed to the broker, for its moment", row.handed_at)
    if row.queued_at is not None:
        late = _seconds(row.run_at, row.queued_at)
        text = f"It went to the queue {row.queue} with priority {row.priority}"
        yield _step("queue", text + _if_late(late, "late"), row.queued_at)
    if row.started_at is not None:
        waited = _seconds(row.queued_at or row.run_at, row.started_at)
        text = f"Worker {row.worker} took it (slot {row.slot}, claim {row.epoch})"
        yield _step("claim", text + _if_late(waited, "of waiting"), row.started_at)


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def _if_late(seconds: float, word: str) -> str:
    return f", after {seconds:.1f} s {word}" if seconds > PUNCTUAL.total_seconds() else ""


def _now(session: Session, row: Execution) -> Iterator[Step]:
    """Say what an execution that has not started waits for."""
    paused = _paused(session, row) if row.status in state.WAITING else ""
    if paused:
        yield _step("pause", paused, None)
    if row.status == state.SCHEDULED and row.run_at > now():
        held = "; it is held until then" if row.blocked_on else ""
        yield _step("wait", f"Its moment has not come{held}", row.run_at)
    if row.status != state.QUEUED:
        return
    if row.blocked_on:
        yield _step("wait", _holder(session, row), None)
        return
    slots = slots_by_queue(session).get(row.queue, 0)
    yield _step("wait", f"{slots} slots of living workers serve the queue {row.queue}", None)


def _paused(session: Session, row: Execution) -> str:
    """Return which pause holds a waiting execution; an empty text if none does."""
    if row.origin == "manual":
        return ""
    if session.scalar(sa.select(Pause.id).where(SYSTEM_PAUSED).limit(1)) is not None:
        return "The installation is paused"
    mine = sa.select(Queue.name).where(Queue.name == row.queue, Queue.paused_at.is_not(None))
    return f"The queue {row.queue} is paused" if session.scalar(mine) is not None else ""


def _holder(session: Session, row: Execution) -> str:
    if str(row.blocked_on).startswith("pause:"):
        return "Its job is paused"
    if row.blocked_on != row.job_id:
        return f"The limit of {row.blocked_on} is reached"
    query = sa.select(Execution.id).where(
        Execution.job_id == row.job_id,
        ACTIVE,
        Execution.id != row.id,
        Execution.blocked_on.is_(None),
    )
    other = session.scalars(query.limit(1)).first()
    return f"It waits until execution {other} of the same job has ended" if other else "Its turn"


def _end(row: Execution) -> Iterator[Step]:
    if row.status == state.SKIPPED:
        several = f" It stands for {row.moments} moments." if row.moments else ""
        yield _step("policy", f"It was skipped. {row.reason or ''}.{several}", row.completed_at)
    elif row.status in state.FINAL:
        text = f"It ended as {row.status}" + (f": {row.error}" if row.error else "")
        yield _step("end", text, row.completed_at)


def _answer(row: Execution) -> str:
    if row.status == state.SKIPPED:
        return f"It did not run. {row.reason}."
    if row.started_at is None:
        if row.status == state.CANCELLED:
            return f"It did not run: it was cancelled ({row.reason or row.error})."
        return "It has not run yet."
    late = _seconds(row.due_at, row.started_at)
    if row.attempt == 1 and late > PUNCTUAL.total_seconds():
        return f"It ran {late:.1f} s after its moment."
    return "It ran at its moment."
