"""Firing: each due moment of a schedule becomes a row, and the schedule goes on to the next.

Moments are made a little before they come, within the horizon of the hand-off. A moment that
nobody could fire in time is missed: its row says so, and the job's policy says whether another
execution makes up for it.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import a_pass, db_now
from app.domain.schedules import Schedule
from app.models import Job
from app.services import executions
from app.services.executions import Span
from app.services.schedules import closures, planning
from app.services.schedules.planning import TICK

log = logging.getLogger(__name__)

_JOBS_A_PASS = 500
#: So many moments of one job are made in one pass; the next pass goes on.
MOMENTS_A_PASS = 1000
#: So many missed moments in a row have rows of their own; what is beyond shares one.
SINGLE_MISSES = 100

Interval = tuple[datetime, datetime]

_jobs: Any = Job.__table__
_DUE = (
    sa.select(_jobs, db_now().label("clock"))
    .where(_jobs.c.next_due_at <= db_now(sa.bindparam("horizon", type_=sa.Float())))
    .order_by(_jobs.c.next_due_at)
    .limit(sa.bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_CHANGED = (
    *("next_due_at", "scheduled_at", "fired_until", "fires", "is_armed", "last_number"),
    *("paused_at", "pause_reason", "off_since"),
)
#: The moment that was seen is compared: whoever fires a job at the same time changes nothing.
_GO_ON = (
    sa.update(_jobs)
    .where(_jobs.c.id == sa.bindparam("of_id"), _jobs.c.next_due_at == sa.bindparam("seen"))
    .values({name: sa.bindparam(name) for name in _CHANGED})
)


class FiredByAnother(Exception):
    """Another beat fired one of these jobs at the same time; the next tick sees what is left."""


def jobs_a_pass() -> int:
    """Return how many jobs are fired in one transaction at most."""
    return a_pass(_JOBS_A_PASS)


def fire_due(session: Session, horizon: float) -> int:
    """Fire a pass of jobs whose next moment lies within ``horizon`` seconds; return how many.

    Raises :class:`FiredByAnother`; then nothing of this unit of work may be kept.
    """
    found = session.execute(_DUE, {"horizon": horizon, "limit": jobs_a_pass()}).mappings().all()
    if not found:
        return 0
    closed = closures.past(session)
    walks = [_Walk(SimpleNamespace(**row), horizon, closed) for row in found]
    for walk in walks:
        walk.go_or_rest()
    changes = [walk.changes() for walk in walks]
    if session.connection().execute(_GO_ON, changes).rowcount != len(walks):
        raise FiredByAnother
    executions.add_moments(session, [row for walk in walks for row in walk.rows])
    for ended in ("completed", None):
        over = [walk.job.id for walk in walks if walk.is_over and walk.ended == ended]
        if over:
            executions.follow_jobs(session, over, ended, by_schedule=True)
    return len(walks)


@dataclass(slots=True)
class _Walk:
    """The way of one job from its next moment to the horizon."""

    given: SimpleNamespace
    horizon: float
    closed: Sequence[Interval]
    rows: list[dict[str, Any]] = field(default_factory=list)
    _missed: list[tuple[Span, str]] = field(default_factory=list)
    _seen: datetime = field(init=False)
    _began: tuple[int, int] = field(init=False)
    _schedule: Schedule = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self.given.next_due_at
        self._began = (self.given.last_number, self.given.fires)

    @property
    def job(self) -> Job:
        """The job, without the costs of the mapper."""
        return cast("Job", self.given)

    def changes(self) -> dict[str, Any]:
        """Return what becomes of the job's columns."""
        values = {name: getattr(self.given, name) for name in _CHANGED}
        return values | {"of_id": self.given.id, "seen": self._seen}

    @property
    def is_over(self) -> bool:
        """Whether no moment follows."""
        return not self.given.is_armed or self.given.paused_at is not None

    @property
    def ended(self) -> str | None:
        """What the job's status is if it has run nothing."""
        return None if self.given.paused_at else "completed"

    def go_or_rest(self) -> None:
        """Go; a job whose schedule can't be followed is paused, and holds up no other."""
        try:
            self._schedule = planning.schedule_of(self.job)
            self._go()
        except Exception as error:
            log.exception("the schedule of job %s can't be followed; it is paused", self.given.id)
            job, self.rows = self.given, []
            job.last_number, job.fires = self._began
            job.next_due_at, job.off_since = None, job.clock
            job.paused_at = job.clock
            job.pause_reason = f"its schedule can't be followed ({type(error).__name__})"

    def _go(self) -> None:
        job, until = self.given, self.given.clock + timedelta(seconds=self.horizon)
        fired = 0
        if job.fired_until is not None and job.next_due_at <= job.fired_until:
            self._go_on_after(job.fired_until)
        while job.next_due_at is not None and job.next_due_at <= until:
            if self._is_over():
                break
            if len(self.rows) >= MOMENTS_A_PASS:
                return
            fired += self._step(job.next_due_at)
        if job.next_due_at is None and not self._comes_after_an_end(fired):
            job.is_armed = False
        self._make_up(newer_runs=bool(fired))

    def _comes_after_an_end(self, fired: int) -> bool:
        return self._schedule.type == "fixed_delay" and bool(fired)

    def _is_over(self) -> bool:
        most = self._schedule.max_runs
        if most is None or self.given.fires < most:
            return False
        self._go_on_after(None)
        return True

    def _step(self, moment: datetime) -> int:
        """Make the row of a moment, or one for it and those after it; return whether it runs."""
        reason, until = self._closed_at(moment)
        if reason:
            self._pass(self._span(moment, until), reason)
            if self._schedule.type == "fixed_delay":
                self._go_on_after(None)
                self.given.next_due_at = self.given.scheduled_at = until
        elif self._is_missed(moment):
            self._miss(moment)
        else:
            jitter = self._schedule.jitter_for(self.given.id)
            self.rows.append(executions.due(self.job, moment, jitter))
            self.given.fires += 1
            self._go_on_after(moment)
            return 1
        return 0

    def _closed_at(self, moment: datetime) -> tuple[str, datetime]:
        """Return why nothing may begin at a moment, and until when; an empty reason if it may."""
        for begin, end in self.closed:
            if begin <= moment < end:
                return "paused: the installation was paused", end
        blackout = self._schedule.blackout_at(moment)
        if blackout is None:
            return "", moment
        return f"blackout: {blackout.describe()}", blackout.ends_at(moment)

    def _is_missed(self, moment: datetime) -> bool:
        return self._schedule.type != "fixed_delay" and moment < self._grace_began()

    def _grace_began(self) -> datetime:
        clock: datetime = self.given.clock
        return clock - timedelta(seconds=self.given.misfire_grace_seconds)

    def _miss(self, moment: datetime) -> None:
        if len(self._missed) < SINGLE_MISSES:
            span = Span(moment, moment, 1)
        else:
            ends = [begin for begin, _ in self.closed if begin > moment]
            span = self._span(moment, min([self._grace_began(), *ends]))
        row = self._pass(span, "missed: nobody could fire it in time")
        self._missed.append((span, row["id"]))

    def _span(self, moment: datetime, end: datetime) -> Span:
        """Return the moments from this one on and before ``end``."""
        before = moment - TICK
        anchor = self.given.anchor_at
        last = self._schedule.last_before(end - TICK, before, anchor) or moment
        return Span(moment, last, max(1, self._schedule.count_between(before, last, anchor)))

    def _pass(self, span: Span, reason: str) -> dict[str, Any]:
        row = executions.passed(self.job, span, reason)
        self.rows.append(row)
        self._go_on_after(span.last)
        return row

    def _go_on_after(self, moment: datetime | None) -> None:
        job = self.given
        coming = None
        if moment is not None:
            job.fired_until = max(filter(None, (job.fired_until, moment)))
            if self._schedule.type != "fixed_delay":
                coming = self._schedule.next_after(moment, job.anchor_at)
        job.next_due_at = job.scheduled_at = coming

    def _make_up(self, *, newer_runs: bool) -> None:
        """Add what makes up for the missed moments, as the job's policy says."""
        job, most = self.given, self._schedule.max_runs
        if job.misfire == "skip" or (job.misfire == "latest" and newer_runs):
            return
        limit = 1 if job.misfire == "latest" else job.misfire_limit
        if most is not None:
            limit = min(limit, max(0, most - job.fires))
        newest = planning.latest_of(self._schedule, self._missed, limit, job.anchor_at)
        job.fires += len(newest)
        self.rows += executions.make_up(self.job, newest)
