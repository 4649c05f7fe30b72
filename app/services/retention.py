"""Forgetting executions and chain runs that have ended: small batches, each a unit of work.

What a job says of itself (``retention_days``, ``keep_last``) replaces the installation's
``log_retention_days``; if it says both, both hold. Jobs are kept, and so is what has not ended.
A run that is killed loses nothing: the next one goes on.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.db import db_now, reading, transaction
from app.domain import execution_state as state
from app.models import ChainRun, Execution, Job
from app.services import installation
from app.settings import Settings

_BATCH = 500
#: How long one unit of work should take at most, and how long others then get their turn.
_GOAL_SECONDS = 0.2
_PAUSE_SECONDS = 0.01

#: Said by what it is not: "in" would lure the databases into the index of statuses.
_HAS_ENDED = Execution.status.not_in(state.ACTIVE)
_SAYS_NOTHING = sa.and_(Job.retention_days.is_(None), Job.keep_last.is_(None))
_SAYS_SOMETHING = sa.or_(Job.retention_days.is_not(None), Job.keep_last.is_not(None))


def purge_in_batches(settings: Settings) -> int:
    """Delete what is past its time, with its logs; return how many executions went."""
    with reading() as session:
        days = int(installation.runtime_value(session, settings, "log_retention_days"))
        present = session.scalars(sa.select(db_now())).one()
    broom = _Broom()
    for ids in _older_than(present - timedelta(days=days)):
        broom.sweep(ids)
    while _forget_chain_runs(present - timedelta(days=days)) == _BATCH:
        time.sleep(_PAUSE_SECONDS)
    for job in _jobs_with_rules():
        for rule in list(_rules(job, present)):  # all are about what is there before the first
            for ids in _of_job(job.id, rule):
                broom.sweep(ids)
    return broom.count


def known(ids: Sequence[str]) -> set[str]:
    """Return those of some executions that the ledger still has."""
    with reading() as session:
        found: set[str] = set()
        for start in range(0, len(ids), _BATCH):
            part = ids[start : start + _BATCH]
            found |= set(session.scalars(sa.select(Execution.id).where(Execution.id.in_(part))))
        return found


@dataclass
class _Broom:
    """Deletes executions; takes fewer at a time when they carry much output."""

    count: int = 0
    _size: int = 100

    def sweep(self, ids: Sequence[str]) -> None:
        start = 0
        while start < len(ids):
            part = ids[start : start + self._size]
            began = time.monotonic()
            self.count += _delete(part)
            took = time.monotonic() - began
            start += len(part)
            self._size = max(1, self._size // 2) if took > _GOAL_SECONDS else self._size * 2
            self._size = min(self._size, _BATCH)
            time.sleep(_PAUSE_SECONDS)


def _delete(ids: Sequence[str]) -> int:
    with transaction() as session:
        gone = session.execute(
            sa.delete(Execution)
            .where(Execution.id.in_(ids), _HAS_ENDED)
            .returning(Execution.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())


def _forget_chain_runs(limit: datetime) -> int:
    """Delete some runs of chains that ended before ``limit``; return how many."""
    with transaction() as session:
        old = sa.select(ChainRun.id).where(ChainRun.completed_at < limit).limit(_BATCH)
        gone = session.execute(
            sa.delete(ChainRun)
            .where(ChainRun.id.in_(old.scalar_subquery()))
            .returning(ChainRun.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())


def _older_than(limit: datetime) -> Iterator[Sequence[str]]:
    """Yield, in batches, ended executions of jobs that say nothing themselves, oldest first."""
    query = (
        sa.select(Execution.id, Execution.completed_at)
        .join(Job, Job.id == Execution.job_id)
        .where(Execution.completed_at < limit, _HAS_ENDED, _SAYS_NOTHING)
        .order_by(Execution.completed_at)
        .limit(_BATCH)
    )
    page = query
    while True:
        with reading() as session:
            rows = session.execute(page).all()
        if not rows:
            return
        yield [row.id for row in rows]
        page = query.where(Execution.completed_at >= rows[-1].completed_at)


def _jobs_with_rules() -> Iterator[Any]:
    query = (
        sa.select(Job.id, Job.retention_days, Job.keep_last)
        .where(_SAYS_SOMETHING)
        .order_by(Job.id)
        .limit(_BATCH)
    )
    page = query
    while True:
        with reading() as session:
            jobs = session.execute(page).all()
        yield from jobs
        if len(jobs) < _BATCH:
            return
        page = query.where(Job.id > jobs[-1].id)


def _rules(job: Any, present: datetime) -> Iterator[sa.ColumnElement[bool]]:
    """Yield what a job says of its ended executions: which of them go."""
    if job.retention_days is not None:
        yield Execution.completed_at < present - timedelta(days=job.retention_days)
    if job.keep_last is not None:
        last_to_go = (
            sa.select(Execution.number)
            .where(Execution.job_id == job.id, _HAS_ENDED)
            .order_by(Execution.number.desc())
            .offset(job.keep_last)
            .limit(1)
        )
        with reading() as session:
            number = session.scalar(last_to_go)
        if number is not None:
            yield Execution.number <= number


def _of_job(job_id: str, rule: sa.ColumnElement[bool]) -> Iterator[Sequence[str]]:
    query = (
        sa.select(Execution.id, Execution.number)
        .where(Execution.job_id == job_id, _HAS_ENDED, rule)
        .order_by(Execution.number)
        .limit(_BATCH)
    )
    page = query
    while True:
        with reading() as session:
            rows = session.execute(page).all()
        if not rows:
            return
        yield [row.id for row in rows]
        page = query.where(Execution.number > rows[-1].number)
