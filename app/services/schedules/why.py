"""Why a due moment ran, was late, or did not run: the decisions, in the order they were made."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now, to_wire
from app.domain.decisions import Told, say, say_reason
from app.domain.schedules import in_words
from app.models import Execution, Job, Pause, Queue
from app.services.access import sight
from app.services.executions.sql import ACTIVE, SYSTEM_PAUSED
from app.services.schedules import planning
from app.services.wakeups import slots_by_queue

#: A start so soon after its moment is on time.
PUNCTUAL = timedelta(seconds=1)
_TICK = timedelta(milliseconds=1)
Step = dict[str, Any]
_ORIGINS = ("api", "manual", "schedule", "catchup", "chain", "trigger", "replay")


def of_execution(session: Session, row: Execution) -> dict[str, Any]:
    """Return the decisions behind an execution, and the answer in one sentence."""
    with sight.unlimited():  # who sees an execution may know its reasons
        job = session.get_one(Job, row.job_id)
    steps = [*_birth(job, row), *_way(row), *_now(session, row), *_end(row)]
    return {"execution_id": row.id, "status": row.status, **_answered(_answer(row)), "steps": steps}


def of_moment(session: Session, job: Job, at: datetime) -> dict[str, Any]:
    """Return why a job ran at a moment or did not: its execution's decisions, or a reason."""
    row = _row_at(session, job, at)
    if row is not None:
        return {"at": at, **of_execution(session, row)}
    steps = [*_arithmetic(job, at)]
    answer, told = _why_no_row(job, at)
    steps.append(_step("ledger", told, None))
    return {"at": at, "execution_id": None, "status": None, **_answered(answer), "steps": steps}


def _step(name: str, told: Told, at: datetime | None) -> Step:
    return {"step": name, **told, "at": at}


def _answered(told: Told) -> dict[str, Any]:
    return {
        "answer": told["text"],
        "answer_code": told["code"],
        "answer_params": told["params"],
    }


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
    words = in_words(schedule)
    if not schedule.is_recurring:
        yield _step("schedule", _planned(job, words), at)
        return
    if schedule.type == "fixed_delay":
        yield _step("schedule", say("schedule_follows", words=words), at)
        return
    local = at.astimezone(ZoneInfo(job.timezone)).isoformat(timespec="seconds")
    is_due = schedule.next_after(at - _TICK, job.anchor_at) == at
    if is_due:
        yield _step("schedule", say("schedule_due", words=words, local=local), at)
    else:
        coming = schedule.next_after(at, job.anchor_at)
        yield _step("schedule", _beside(words, local, coming), at)
    blackout = schedule.blackout_at(at)
    if is_due and blackout is not None:
        yield _step("blackout", say("in_blackout", blackout=blackout.describe()), at)


def _planned(job: Job, words: dict[str, str]) -> Told:
    if job.scheduled_at is None:
        return say("schedule_unplanned", words=words)
    return say("schedule_once", words=words, at=to_wire(job.scheduled_at))


def _beside(words: dict[str, str], local: str, coming: datetime | None) -> Told:
    if coming is None:
        return say("schedule_over", words=words, local=local)
    return say("schedule_not_due", words=words, local=local, next=to_wire(coming))


def _why_no_row(job: Job, at: datetime) -> tuple[Told, Told]:
    """Return the answer, and what the ledger shows, for a moment that has no row."""
    schedule = planning.schedule_of(job)
    if at < job.created_at:
        return say("not_yet_made"), say("job_made", at=to_wire(job.created_at))
    is_due = schedule.is_recurring and schedule.next_after(at - _TICK, job.anchor_at) == at
    if at > now():
        return _future(job, is_due=is_due)
    if schedule.type != "fixed_delay" and not is_due:
        return say("not_due"), say("none_due")
    return _past(job, at)


def _past(job: Job, at: datetime) -> tuple[Told, Told]:
    if job.off_since is not None and at >= job.off_since:
        rest = "paused" if job.paused_at else "disabled"
        return say(f"did_not_run_{rest}"), say(f"rests_{rest}", at=to_wire(job.off_since))
    if not job.is_armed:
        return say("not_at_work"), say("schedule_ended")
    return say("unknown"), say("no_row")


def _future(job: Job, *, is_due: bool) -> tuple[Told, Told]:
    if not is_due:
        return say("will_not_be_due"), say("yet_to_come")
    if job.off_since is not None:
        return say("will_not_run"), say("rests")
    return say("will_run"), say("yet_to_come")


def _birth(job: Job, row: Execution) -> Iterator[Step]:
    if row.origin == "schedule" and job.schedule:
        yield from _arithmetic(job, row.due_at)
    else:
        yield _step("origin", _origin(row.origin), row.created_at)
    if row.attempt > 1:
        told = say("retried", attempt=row.attempt, execution=row.parent_execution_id)
        yield _step("retry", told, row.created_at)
    if row.catches_up_id:
        yield _step("catch-up", say("caught_up", execution=row.catches_up_id), row.created_at)
    if row.run_at > row.due_at and row.attempt == 1 and row.origin == "schedule":
        seconds = (row.run_at - row.due_at).total_seconds()
        yield _step("jitter", say("jittered", seconds=f"{seconds:g}"), row.run_at)


def _origin(name: str) -> Told:
    if name in _ORIGINS:
        return say(f"origin_{name}")
    return {"code": None, "params": {}, "text": name}


def _way(row: Execution) -> Iterator[Step]:
    if row.handed_at is not None:
        yield _step("hand-off", say("handed"), row.handed_at)
    if row.queued_at is not None:
        late = _seconds(row.run_at, row.queued_at)
        told = _late("queued", late, queue=row.queue, priority=row.priority)
        yield _step("queue", told, row.queued_at)
    if row.started_at is not None:
        waited = _seconds(row.queued_at or row.run_at, row.started_at)
        told = _late("claimed", waited, worker=row.worker, slot=row.slot, claim=row.epoch)
        yield _step("claim", told, row.started_at)


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def _late(code: str, seconds: float, **values: Any) -> Told:
    if seconds > PUNCTUAL.total_seconds():
        return say(f"{code}_late", **values, seconds=f"{seconds:.1f}")
    return say(code, **values)


def _now(session: Session, row: Execution) -> Iterator[Step]:
    """Say what an execution that has not started waits for."""
    paused = _paused(session, row) if row.status in state.WAITING else None
    if paused:
        yield _step("pause", paused, None)
    if row.status == state.SCHEDULED and row.run_at > now():
        told = say("moment_held" if row.blocked_on else "moment_to_come")
        yield _step("wait", told, row.run_at)
    if row.status != state.QUEUED:
        return
    if row.blocked_on:
        yield _step("wait", _holder(session, row), None)
        return
    slots = slots_by_queue(session).get(row.queue, 0)
    yield _step("wait", say("slots", slots=slots, queue=row.queue), None)


def _paused(session: Session, row: Execution) -> Told | None:
    """Return which pause holds a waiting execution."""
    if row.origin == "manual":
        return None
    if session.scalar(sa.select(Pause.id).where(SYSTEM_PAUSED).limit(1)) is not None:
        return say("installation_paused")
    mine = sa.select(Queue.name).where(Queue.name == row.queue, Queue.paused_at.is_not(None))
    is_paused = session.scalar(mine) is not None
    return say("queue_paused", queue=row.queue) if is_paused else None


def _holder(session: Session, row: Execution) -> Told:
    if str(row.blocked_on).startswith("pause:"):
        return say("job_paused")
    if row.blocked_on != row.job_id:
        return say("limit_reached", limit=row.blocked_on)
    query = sa.select(Execution.id).where(
        Execution.job_id == row.job_id,
        ACTIVE,
        Execution.id != row.id,
        Execution.blocked_on.is_(None),
    )
    other = session.scalars(query.limit(1)).first()
    return say("waits_for", execution=other) if other else say("its_turn")


def _end(row: Execution) -> Iterator[Step]:
    if row.status == state.SKIPPED:
        reason = say_reason(row.reason or "")
        many = {"moments": row.moments} if row.moments else {}
        told = say("skipped_many" if many else "skipped", reason=reason, **many)
        yield _step("policy", told, row.completed_at)
    elif row.status in state.FINAL:
        told = say("ended", status=row.status)
        if row.error:
            told = say("ended_badly", status=row.status, error=row.error)
        yield _step("end", told, row.completed_at)


def _answer(row: Execution) -> Told:
    if row.status == state.SKIPPED:
        return say("did_not_run", reason=say_reason(row.reason or ""))
    if row.started_at is None:
        if row.status == state.CANCELLED:
            reason = say_reason(str(row.reason or row.error))
            return say("did_not_run_cancelled", reason=reason)
        return say("has_not_run")
    late = _seconds(row.due_at, row.started_at)
    if row.attempt == 1 and late > PUNCTUAL.total_seconds():
        return say("ran_late", seconds=f"{late:.1f}")
    return say("ran")
