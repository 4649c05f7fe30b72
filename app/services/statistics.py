"""Figures of the whole system, from counters and small indexed reads: never a scan of the ledger.

Durations and ends come from the counters that services keep when executions end, so that they
stand for all time and survive retention.
"""

import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import execution_state as state
from app.domain.clock import now
from app.gateways import broker, metrics
from app.models import Execution, Queue, Worker
from app.services import pauses, tallies, totals, workers
from app.services.access import sight
from app.services.executions.sql import CLAIMABLE, DUE
from app.services.listing import COUNTED, counted
from app.services.wakeups import ALIVE_SECONDS

#: What workers are for: jobs, their release at the right moment, and all the rest.
LANES = ("run", "dispatch", "auxiliary")

_SLOW_SECONDS = 0.05
_counts: dict[tuple[str, ...], tuple[float, int]] = {}


def system_status(session: Session) -> dict[str, Any]:
    """Return the figures of ``GET /api/system/status``."""
    jobs = by_status(session, "jobs")
    executions = by_status(session, "executions")
    slots = workers.status(session)
    return {
        "total_scheduled": jobs["scheduled"],
        "currently_running": jobs["running"],
        "completed_today": _started_since(session, (state.COMPLETED,), _midnight()),
        "failed_recent": _started_since(session, state.FAILURES, now() - timedelta(hours=24)),
        "avg_duration_ms": average_duration_ms(session),
        "queue_depth": executions[state.QUEUED] + due(session),
        "total_jobs": sum(jobs.values()),
        "total_executions": sum(executions.values()),
        "pause": pauses.wire(pauses.system_pause(session)),
        "is_running": slots["is_running"],
        "total_workers": slots["total_workers"],
        "active_workers": slots["active_workers"],
        "idle_workers": slots["idle_workers"],
    }


def dashboard(session: Session) -> dict[str, Any]:
    """Return the figures of ``GET /api/dashboard/stats``.

    Whoever does not see everything is told of the executions there are, not of forgotten ones.
    """
    jobs, executions = by_status(session, "jobs"), by_status(session, "executions")
    ended: dict[str, float] = defaultdict(float, executions)
    if sight.limited() is None:
        ended.clear()
        for (_, verdict), count in ends(session).items():
            ended[verdict] += count
    completed = round(ended[state.COMPLETED])
    failed = round(sum(ended[status] for status in state.FAILURES))
    return {
        "active_jobs": jobs["scheduled"] + jobs["running"],
        "running_now": sum(executions[status] for status in state.STARTED),
        "success_rate": completed / (completed + failed) if completed + failed else None,
        "total_failures": failed,
        "average_duration_ms": average_duration_ms(session),
        "uptime_ms": round(metrics.uptime_seconds() * 1000),
    }


def queue_stats(session: Session) -> dict[str, int]:
    """Return how many executions wait, run and have ended, for ``GET /api/stats``.

    What is due and has not started is queued, never running.
    """
    counts, late = by_status(session, "executions"), due(session)
    return {
        "scheduled": max(counts[state.SCHEDULED] - late, 0),
        "queued": counts[state.QUEUED] + late,
        "running": sum(counts[status] for status in state.STARTED),
        "finished": counts[state.COMPLETED],
        "failed": sum(counts[status] for status in state.FAILURES),
        "cancelled": counts[state.CANCELLED],
        "skipped": counts[state.SKIPPED],
    }


def by_status(session: Session, family: str) -> dict[str, int]:
    """Return how many jobs or executions there are in each status; what is missing is 0."""
    counts: dict[str, int] = defaultdict(int)
    for (_, status), count in totals.by_project_and_status(session, family).items():
        counts[status] += count
    return counts


def ends(session: Session) -> dict[tuple[str, str], float]:
    """Return how many executions ended, by kind and verdict, since the installation began."""
    return _by_kind_and_verdict(session, "ends")


def seconds(session: Session) -> dict[tuple[str, str], float]:
    """Return how long they took together; the verdict is empty where nobody noted it."""
    return _by_kind_and_verdict(session, "seconds")


def _by_kind_and_verdict(session: Session, family: str) -> dict[tuple[str, str], float]:
    found = {}
    for key, value in tallies.totals(session, family).items():
        kind, _, verdict = key.partition(":")
        found[kind, verdict] = value
    return found


def average_duration_ms(session: Session) -> float:
    """Return the mean duration of completed executions, of all time; 0 before the first.

    Where durations were noted without verdict, it is the mean of all that ended. For whoever does
    not see everything it is that of the last 10,000 that are seen.
    """
    if sight.limited() is not None:
        return _average_of_seen(session)
    took, counts = seconds(session), ends(session)
    exact = any(verdict for _, verdict in took)

    def total(figures: dict[tuple[str, str], float]) -> float:
        return sum(v for (_, verdict), v in figures.items() if verdict == "completed" or not exact)

    return round(total(took) / total(counts) * 1000, 3) if total(counts) else 0.0


def _average_of_seen(session: Session) -> float:
    some = sa.select(Execution.duration_ms).where(Execution.status == state.COMPLETED)
    newest = some.order_by(Execution.started_at.desc()).limit(COUNTED).subquery()
    return round(float(session.scalar(sa.select(sa.func.avg(newest.c.duration_ms))) or 0), 3)


def _midnight() -> datetime:
    return datetime.combine(now().date(), datetime.min.time(), UTC)


def _started_since(session: Session, statuses: tuple[str, ...], moment: datetime) -> int:
    """Count what started since a moment. A count that was slow is kept ten times as long."""
    if sight.limited() is not None:  # what is kept is for who sees everything
        return sum(counted(session, _started(status, moment))[0] for status in statuses)
    kept_until, count = _counts.get(statuses, (0.0, 0))
    began = time.monotonic()
    if began < kept_until:
        return count
    counts = (session.scalar(_count_of(_started(status, moment))) for status in statuses)
    count = sum(number or 0 for number in counts)
    took = time.monotonic() - began
    if took > _SLOW_SECONDS:
        _counts[statuses] = (began + 11 * took, count)
    return count


def _started(status: str, moment: datetime) -> sa.Select[Any]:
    started = Execution.started_at >= moment
    return sa.select(Execution.id).where(Execution.status == status, started)


def _count_of(query: sa.Select[Any]) -> sa.Select[Any]:
    return query.with_only_columns(sa.func.count())


def due(session: Session, project_id: str | None = None) -> int:
    """Return how many executions wait whose moment has come, of one project or of all."""
    query = sa.select(Execution.id).where(DUE, Execution.run_at <= db_now())
    if project_id is not None:
        query = query.where(Execution.project_id == project_id)
    # Mostly it is few; PostgreSQL, which believes that it is many, would start processes to count.
    count, is_capped = counted(session, query.order_by(Execution.run_at))
    return (session.scalar(_count_of(query)) or 0) if is_capped else count


def queues(session: Session) -> dict[str, tuple[int, float]]:
    """Return for each run queue how many rows wait for a slot, and how long the oldest has."""
    found = dict.fromkeys(session.scalars(sa.select(Queue.name)), (0, 0.0))
    waiting = session.execute(
        sa.select(Execution.queue, sa.func.count(), sa.func.min(Execution.run_at))
        .where(CLAIMABLE)
        .group_by(Execution.queue)
    )
    present = session.scalars(sa.select(db_now())).one()
    for queue, depth, oldest in waiting:
        found[queue] = (depth, max((present - oldest).total_seconds(), 0.0))
    return found


def lanes(session: Session) -> dict[str, tuple[int, int]]:
    """Return for each lane how many workers live and how many of them take messages."""
    found = dict.fromkeys(LANES, (0, 0))
    alive = (Worker.stopped_at.is_(None), Worker.heartbeat_at > db_now(-ALIVE_SECONDS))
    consumes = sa.func.coalesce(Worker.consumed_at > db_now(-ALIVE_SECONDS), sa.false())
    for names, takes in session.execute(sa.select(Worker.queues, consumes).where(*alive)):
        lane = lane_of(names.split(","))
        up, consuming = found[lane]
        found[lane] = (up + 1, consuming + bool(takes))
    return found


def lane_of(queues: Iterable[str]) -> str:
    """Return what a worker of these queues is for: ``run``, ``dispatch`` or ``auxiliary``."""
    names = set(queues)
    if broker.DISPATCH in names:
        return "dispatch"
    return "auxiliary" if names & set(broker.RESERVED) else "run"
