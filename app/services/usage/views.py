"""What a job's executions took and used in the last days, from its figures by hour and day."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.models import JobRollup, RollupMark
from app.services.jobs.figures import success_rate
from app.services.usage.rollups import PERIODS, start_of

MOST_DAYS = 90


def of_job(session: Session, job_id: str, days: int, bucket: str) -> dict[str, Any]:
    """Return the figures of a job that somebody may see: the last days, the present one included.

    ``bucket`` is ``hour`` or ``day``. There is none for a time in which nothing ended.
    """
    length, present = PERIODS[bucket], now()
    since = start_of(present, bucket) - timedelta(days=days) + length
    query = (
        sa.select(JobRollup)
        .where(
            JobRollup.job_id == job_id,
            JobRollup.period == bucket,
            JobRollup.period_start >= since,
        )
        .order_by(JobRollup.period_start)
    )
    rows = list(session.scalars(query))
    return {
        "bucket": bucket,
        "since": since,
        "until": start_of(present, bucket) + length,
        "updated_at": session.scalar(
            sa.select(RollupMark.fresh_until).where(RollupMark.period == bucket)
        ),
        "total": _counts(rows),
        "buckets": [_wire(row) for row in rows],
    }


def _counts(rows: Iterable[JobRollup]) -> dict[str, Any]:
    """Return how many executions there were, and how they ended; timeouts are failures."""
    found = list(rows)
    completed = sum(row.completed for row in found)
    failed = sum(row.failed + row.timeouts for row in found)
    return {
        "run_count": sum(row.runs for row in found),
        "success_count": completed,
        "failure_count": failed,
        "timeout_count": sum(row.timeouts for row in found),
        "cancelled_count": sum(row.cancelled for row in found),
        "success_rate": success_rate(completed, failed),
    }


def _wire(row: JobRollup) -> dict[str, Any]:
    return {
        "period_start": row.period_start,
        **_counts([row]),
        "avg_duration_ms": _mean(row.duration_ms, row.completed),
        "p50_duration_ms": row.p50_duration_ms,
        "p95_duration_ms": row.p95_duration_ms,
        "max_duration_ms": row.max_duration_ms,
        "avg_cpu_percent": _mean(row.cpu_seconds * 100_000, row.cpu_duration_ms, 2),
        "max_cpu_percent": _rounded(row.max_cpu_percent),
        "avg_memory_bytes": _mean(row.memory_bytes, row.memory_runs),
        "max_memory_bytes": row.max_memory_bytes,
    }


def _mean(total: float, count: int, digits: int | None = None) -> float | None:
    return round(total / count, digits) if count else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)
