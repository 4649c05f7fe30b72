"""Moments at which jobs are due, over all jobs, the next first, as far as a bound lets."""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Execution, Job
from app.services.executions.sql import DUE
from app.services.schedules import planning

MOST_MOMENTS = 2000
#: So many jobs are looked at, those that are due first.
_MOST_JOBS = 1000
_JOB = (Job.id, Job.name, Job.type, Job.project_id)


@dataclass(frozen=True, slots=True)
class Plan:
    """Moments to come, in order; nothing is left out of them up to ``until``."""

    moments: list[dict[str, Any]]
    until: datetime


@dataclass(frozen=True, slots=True)
class Within:
    """Of which project moments are told, of all if ``None``; and how many jobs are looked at.

    Bare moments do not say of which jobs they are: to count them is all they are for.
    """

    project_id: str | None = None
    most_jobs: int | None = None
    is_bare: bool = False

    def of(self, model: Any) -> tuple[Any, ...]:
        """Return the conditions on what belongs to a project."""
        return () if self.project_id is None else (model.project_id == self.project_id,)

    @property
    def bounds(self) -> tuple[int, int]:
        """How many executions and jobs are looked at."""
        most_jobs = self.most_jobs or _MOST_JOBS
        return min(MOST_MOMENTS, 2 * most_jobs), most_jobs


def plan(
    session: Session,
    first: datetime,
    last: datetime,
    most: int = MOST_MOMENTS,
    *,
    only_next: bool = False,
    within: Within | None = None,
) -> Plan:
    """Return what is planned after ``first`` and not after ``last``, at most so many moments.

    With ``only_next`` there is but the next of each job.
    """
    within = within or Within()
    streams, until = _streams(session, first, last, within, only_next=only_next)
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    for moment, _, job in heapq.merge(*streams):
        if moment > until:
            break
        if only_next and job.id in seen:
            continue
        if len(found) == most:
            return Plan(found, min(until, moment - planning.TICK))
        seen.add(job.id)
        found.append({"at": moment} if within.is_bare else {"at": moment, **_wire(job)})
    return Plan(found, until)


def _wire(job: Any) -> dict[str, Any]:
    return {"job_id": job.id, "job_name": job.name, "type": job.type, "project_id": job.project_id}


def _streams(
    session: Session, first: datetime, last: datetime, within: Within, *, only_next: bool
) -> tuple[list[Iterator[tuple[datetime, str, Any]]], datetime]:
    """Return what is planned of each job, in order, and until when that is all of it."""
    most_rows, most_jobs = within.bounds
    rows = _born(session, first, last, within, most_rows)
    jobs = _scheduled(session, last, within)
    until = last
    if len(rows) > most_rows:
        until = min(until, rows[-1].run_at - planning.TICK)
    if len(jobs) > most_jobs:
        until = min(until, jobs[-1].next_due_at - planning.TICK)
    streams = [_coming(job, first, until, only_next=only_next) for job in jobs[:most_jobs]]
    return [iter([(row.run_at, row.id, row) for row in rows[:most_rows]]), *streams], until


def _born(
    session: Session, first: datetime, last: datetime, within: Within, most: int
) -> list[Any]:
    """Return the executions that are there already and wait for their moment."""
    query: Any = sa.select(Execution.run_at, Execution.id)
    if not within.is_bare:
        query = sa.select(Execution.run_at, *_JOB).join(Job, Job.id == Execution.job_id)
    when = (Execution.run_at > first, Execution.run_at <= last)
    query = query.where(DUE, *when, *within.of(Execution))
    return list(session.execute(query.order_by(Execution.run_at).limit(most + 1)))


def _scheduled(session: Session, last: datetime, within: Within) -> list[Any]:
    columns = (Job.schedule, Job.anchor_at, Job.next_due_at)
    where = (Job.next_due_at.is_not(None), Job.next_due_at <= last, *within.of(Job))
    query = sa.select(*_JOB, *columns).where(*where).order_by(Job.next_due_at)
    return list(session.execute(query.limit(within.bounds[1] + 1)))


def _coming(
    job: Any, first: datetime, last: datetime, *, only_next: bool
) -> Iterator[tuple[datetime, str, Any]]:
    schedule, moment = planning.schedule_of(job), job.next_due_at
    if moment <= first and schedule.type != "fixed_delay":
        moment = schedule.next_after(first, job.anchor_at)
    while moment is not None and moment <= last:
        if moment > first and schedule.blackout_at(moment) is None:
            yield moment, job.id, job
            if only_next:
                return
        if schedule.type == "fixed_delay":  # the next is known when this one has ended
            return
        moment = schedule.next_after(moment, job.anchor_at)
