"""Schedules at work and at rest: when a job is due next, and what becomes of what it missed."""

import functools
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import schedules
from app.domain.schedules import Schedule
from app.models import Job
from app.services import executions
from app.services.executions import Span

TICK = timedelta(milliseconds=1)
_ONCE = '{"type":"once"}'


@functools.lru_cache(maxsize=10_000)
def read(text: str) -> Schedule:
    """Return the schedule that a column holds."""
    return schedules.read(orjson.loads(text))


def schedule_of(job: Any) -> Schedule:
    """Return the schedule of a job; the one of a job that runs once says nothing of when."""
    return read(job.schedule or _ONCE)


def clock(session: Session) -> datetime:
    """Return the database's time."""
    moment: datetime = session.scalars(sa.select(db_now())).one()
    return moment


def arm(job: Job, moment: datetime) -> None:
    """Put a recurring schedule to work from this moment on."""
    schedule = schedule_of(job)
    job.is_armed, job.off_since = schedule.is_recurring, None
    job.anchor_at = job.delay_seconds = None
    if not schedule.is_recurring:
        job.next_due_at = None
        return
    if schedule.type == "fixed_delay":
        job.delay_seconds = float(schedule.delay_seconds)
        coming: datetime | None = max(filter(None, (schedule.starts_at, moment)))
        if schedule.ends_at is not None and coming is not None and coming > schedule.ends_at:
            coming = None
    else:
        coming = schedule.next_after(moment)
    if schedule.type == "fixed_rate":
        job.anchor_at = coming
    _expect(job, coming)
    if coming is None:
        job.is_armed = False
    elif job.paused_at is not None or not job.enabled:
        job.next_due_at, job.off_since = None, moment


def disarm(session: Session, job: Job) -> None:
    """End the work of a schedule: nothing of it is due any more."""
    executions.drop_planned(session, job.id)
    job.is_armed, job.off_since, job.delay_seconds = False, None, None
    _expect(job, None)


def rest(session: Session, job: Job) -> None:
    """Let an armed schedule rest, because its job is paused or disabled."""
    if not job.is_armed or job.off_since is not None:
        return
    dropped = executions.drop_planned(session, job.id)
    # What is due already, but was held by a pause of the installation, passes with this rest.
    overdue = [due_at - TICK for due_at in (dropped, job.next_due_at) if due_at is not None]
    job.off_since = min([clock(session), *overdue])
    _expect(job, None)
    # What had rows and has not come is planned again when the schedule goes on.
    if job.fired_until is not None:
        job.fired_until = min(job.fired_until, job.off_since)


def go_on(session: Session, job: Job, reason: str, missed: str | None = None) -> int:
    """Let a resting schedule go on, if nothing else holds it; return how many moments passed.

    They are one row with ``reason``; ``missed`` (skip, latest or all; by default what the job
    says of missed moments) decides what makes up for them.
    """
    if not job.is_armed or job.off_since is None or job.paused_at or not job.enabled:
        return 0
    schedule, moment, since = schedule_of(job), clock(session), job.off_since
    job.off_since = None
    if schedule.type == "fixed_delay":
        _expect(job, max(filter(None, (schedule.starts_at, moment))))
        return 0
    span = _span(session, job, since, moment)
    if span is not None:
        row = executions.passed(job, span, reason)
        newest = _newest(job, schedule, span, row["id"], missed or job.misfire)
        job.fires += len(newest)
        executions.add_moments(session, [row, *executions.make_up(job, newest)])
        job.fired_until = span.last
    _expect(job, schedule.next_after(moment, job.anchor_at))
    if job.next_due_at is None:
        job.is_armed = False
    return span.count if span else 0


def skip_missed(session: Session, reason: str) -> int:
    """Let the moments that schedules should have fired by now pass, with nothing to make up.

    Returns how many jobs had such moments.
    """
    missed = sa.select(Job).where(Job.next_due_at <= db_now())
    jobs = session.scalars(missed.order_by(Job.id)).all()
    for job in jobs:
        due_at, delay = job.next_due_at, job.delay_seconds
        job.off_since = due_at - TICK if due_at is not None else None
        go_on(session, job, reason, "skip")
        if delay is not None:
            _expect(job, clock(session) + timedelta(seconds=delay))
    return len(jobs)


def _newest(
    job: Job, schedule: Schedule, span: Span, row_id: str, policy: str
) -> list[tuple[datetime, str]]:
    if policy == "skip":
        return []
    limit = 1 if policy == "latest" else job.misfire_limit
    return latest_of(schedule, [(span, row_id)], limit, job.anchor_at)


def _span(session: Session, job: Job, since: datetime, until: datetime) -> Span | None:
    schedule, anchor = schedule_of(job), job.anchor_at
    first = schedule.next_after(since, anchor)
    while first is not None and executions.has_row(session, job.id, first):
        first = schedule.next_after(first, anchor)
    if first is None or first > until:
        return None
    last = schedule.last_before(until, since, anchor) or first
    return Span(first, last, schedule.count_between(since, last, anchor))


def _expect(job: Job, moment: datetime | None) -> None:
    job.next_due_at = job.scheduled_at = moment


def latest_of(
    schedule: Schedule, spans: Iterable[tuple[Span, str]], limit: int, anchor: datetime | None
) -> list[tuple[datetime, str]]:
    """Return the newest ``limit`` moments of what was missed, the oldest first.

    Each comes with the id of the row that says it was missed. Those in a blackout are left out.
    """
    found: list[tuple[datetime, str]] = []
    for span, row_id in sorted(spans, key=lambda one: one[0].first, reverse=True):
        for moment in _backwards(schedule, span, anchor):
            if len(found) == limit:
                return found[::-1]
            if schedule.blackout_at(moment) is None:
                found.append((moment, row_id))
    return found[::-1]


def _backwards(schedule: Schedule, span: Span, anchor: datetime | None) -> Iterator[datetime]:
    moment: datetime | None = span.last
    while moment is not None:
        yield moment
        moment = schedule.last_before(moment - TICK, span.first - TICK, anchor)
