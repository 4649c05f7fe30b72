"""Figures of jobs by the hour and by the day (UTC), computed from the rows of what ended then.

A period is looked at again and again while it is open, and a last time a while after its end, for
what is committed late. What was computed of it before can only be replaced by what counts more
executions: done twice, or by two at once, it comes out the same, and it stays when retention
takes the rows away. However much there is to count, counting takes a small part of the time.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import db_now, reading, transaction
from app.domain import execution_state as state
from app.models import Execution, Job, JobRollup, RollupMark
from app.settings import Settings

PERIODS = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
#: The longest a unit of work may last after it wrote when something ended, and some more.
CLOSING = timedelta(minutes=2)
#: What is open is computed anew after so long, or after so many times as long as that took.
EVERY_SECONDS = 60.0
_REST = 50
#: One run of the chore begins no other period after so long; the next run goes on.
_BUDGET_SECONDS = 20.0
#: Who says nothing for so long has died over it.
_BUSY_SECONDS = 600.0
_BATCH = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PAUSE_SECONDS = 0.01
#: Of shorter ones the CPU time, measured in ticks, says nothing of a maximum.
_SHORTEST_MS = 100


@dataclass(frozen=True, slots=True)
class _Window:
    start: datetime
    end: datetime
    is_closed: bool


def roll_up(settings: Settings) -> int:
    """Bring the figures up to date, as far as it is time to; return how many were written."""
    return sum(_roll_up(period, settings.rollup_retention_days) for period in PERIODS)


def start_of(moment: datetime, period: str) -> datetime:
    """Return when the hour or the day (UTC) of a moment began."""
    return moment - (moment - _EPOCH) % PERIODS[period]


def _roll_up(period: str, days: int) -> int:
    mark = _take(period)
    if mark is None:
        return 0
    began, count, present = time.monotonic(), 0, mark.present
    oldest = start_of(present - timedelta(days=days), period)
    since = max(mark.closed_until or oldest, oldest)
    while window := _next_window(period, since, present):
        count += _write_window(period, window)
        since = window.end
        _note(period, closed_until=since if window.is_closed else None, fresh_until=present)
        if time.monotonic() - began > _BUDGET_SECONDS:
            break
    rest = 0.0 if window else max(EVERY_SECONDS, _REST * (time.monotonic() - began))
    _note(period, fresh_until=None if window else present, next_at=db_now(rest), busy_until=None)
    return count


@dataclass(frozen=True, slots=True)
class _Mark:
    closed_until: datetime | None
    present: datetime


def _take(period: str) -> _Mark | None:
    """Become the one who computes a period; ``None`` if it is not time to, or another does."""
    marks: Any = RollupMark.__table__
    with transaction() as session:
        insert = _dialect(session).insert(marks).values(period=period)
        session.execute(insert.on_conflict_do_nothing())
        row = session.execute(
            sa.update(RollupMark)
            .where(
                RollupMark.period == period,
                sa.func.coalesce(RollupMark.busy_until <= db_now(), sa.true()),
                sa.func.coalesce(RollupMark.next_at <= db_now(), sa.true()),
            )
            .values(busy_until=db_now(_BUSY_SECONDS))
            .returning(RollupMark.closed_until, db_now().label("present"))
            .execution_options(synchronize_session=False)
        ).first()
        return None if row is None else _Mark(row.closed_until, row.present)


def _note(period: str, **values: Any) -> None:
    """Write how far it has come; ``None`` for a moment leaves that as it is."""
    known = {name: value for name, value in values.items() if value is not None}
    known["busy_until"] = None if "busy_until" in values else db_now(_BUSY_SECONDS)
    with transaction() as session:
        session.execute(
            sa.update(RollupMark)
            .where(RollupMark.period == period)
            .values(known)
            .execution_options(synchronize_session=False)
        )


def _next_window(period: str, since: datetime, present: datetime) -> _Window | None:
    """Return the next window in which something ended."""
    if since > present:
        return None
    first = sa.select(sa.func.min(Execution.completed_at)).where(Execution.completed_at >= since)
    with reading() as session:
        moment = session.scalar(first)
    if moment is None:
        return None
    start = start_of(moment, period)
    end = start + PERIODS[period]
    return _Window(start, end, is_closed=end + CLOSING <= present)


def _write_window(period: str, window: _Window) -> int:
    count = 0
    with reading() as session, _sorting_in_files(session):
        rows = session.execute(
            of_all(window.start, window.end), execution_options={"yield_per": _BATCH}
        ).mappings()
        while batch := [dict(row) for row in islice(rows, _BATCH)]:
            count += _write(period, window.start, batch)
            time.sleep(_PAUSE_SECONDS)
    return count


@contextlib.contextmanager
def _sorting_in_files(session: Session) -> Iterator[None]:
    """Have SQLite keep what it sorts in a file: in memory it would be all that ended in a day."""
    if session.get_bind().dialect.name != "sqlite":
        yield
        return
    connection = session.connection()
    connection.exec_driver_sql("PRAGMA temp_store=FILE")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA temp_store=MEMORY")


def _write(period: str, start: datetime, rows: Sequence[dict[str, Any]]) -> int:
    with transaction() as session:
        ids = [row["job_id"] for row in rows]
        there = sa.select(Job.id).where(Job.id.in_(ids)).with_for_update(read=True, key_share=True)
        known = set(session.scalars(there))
        values = [
            {**row, "period": period, "period_start": start}
            for row in rows
            if row["job_id"] in known
        ]
        if values:
            session.connection().execute(_UPSERT[session.get_bind().dialect.name], values)
        return len(values)


def of_all(start: datetime, end: datetime) -> sa.Select[Any]:
    """Return a query of the figures of all jobs of which something ended within a window.

    Percentiles are exact, by the nearest rank: the smallest duration that so many percent do
    not exceed.
    """
    ended = _ended(start, end)
    c = ended.c
    memory = sa.func.coalesce(c.mean_rss_bytes, c.max_rss_bytes)
    mean_cpu = sa.case(
        (c.duration_ms >= _SHORTEST_MS, c.cpu_seconds * 100_000.0 / c.duration_ms), else_=None
    )
    columns = {
        "runs": sa.func.count(),
        "completed": _count(c.status == state.COMPLETED),
        "failed": _count(c.status.in_((state.FAILED, state.DEAD_LETTER))),
        "timeouts": _count(c.status == state.TIMEOUT),
        "cancelled": _count(c.status == state.CANCELLED),
        "duration_ms": _sum(c.duration_ms, c.is_good),
        "max_duration_ms": sa.func.max(c.duration_ms).filter(c.is_good),
        "p50_duration_ms": _percentile(c, 50),
        "p95_duration_ms": _percentile(c, 95),
        "cpu_seconds": sa.func.coalesce(sa.func.sum(c.cpu_seconds), 0.0),
        "cpu_duration_ms": _sum(c.duration_ms, c.cpu_seconds.is_not(None)),
        "max_cpu_percent": sa.func.max(sa.func.coalesce(c.max_cpu_percent, mean_cpu)),
        "memory_runs": sa.func.count(memory),
        "memory_bytes": _sum(memory, memory.is_not(None)),
        "max_memory_bytes": sa.func.max(c.max_rss_bytes),
    }
    shown = [column.label(name) for name, column in columns.items()]
    return sa.select(c.job_id, *shown).group_by(c.job_id)


def _ended(start: datetime, end: datetime) -> Any:
    is_good = sa.and_(Execution.status == state.COMPLETED, Execution.duration_ms.is_not(None))
    alike = [Execution.job_id, is_good]
    return (
        sa.select(
            Execution.job_id,
            Execution.status,
            Execution.duration_ms,
            Execution.cpu_seconds,
            Execution.max_cpu_percent,
            Execution.max_rss_bytes,
            Execution.mean_rss_bytes,
            is_good.label("is_good"),
            sa.func.row_number()
            .over(partition_by=alike, order_by=Execution.duration_ms)
            .label("rank"),
            sa.func.count().over(partition_by=alike).label("of"),
        )
        .where(
            Execution.completed_at >= start,
            Execution.completed_at < end,
            # What has started; written so that no index of that is taken.
            sa.func.coalesce(Execution.started_at, Execution.completed_at) == Execution.started_at,
        )
        .subquery()
    )


def _count(condition: Any) -> Any:
    return sa.func.count().filter(condition)


def _sum(column: Any, condition: Any) -> Any:
    total = sa.func.coalesce(sa.func.sum(column).filter(condition), 0)
    return sa.cast(total, sa.BigInteger)


def _percentile(c: Any, percent: int) -> Any:
    is_reached = sa.and_(c.is_good, c.rank * 100 >= c.of * percent)
    return sa.func.min(c.duration_ms).filter(is_reached)


def _dialect(session: Session) -> Any:
    return sqlite if session.get_bind().dialect.name == "sqlite" else postgresql


def _make_upsert(insert: Any) -> Any:
    keys = ["job_id", "period", "period_start"]
    named = {c.name: insert.excluded[c.name] for c in _rollups.columns if c.name not in keys}
    return insert.on_conflict_do_update(
        index_elements=keys, set_=named, where=insert.excluded.runs > _rollups.c.runs
    )


_rollups: Any = JobRollup.__table__
_UPSERT = {
    "sqlite": _make_upsert(sqlite.insert(_rollups)),
    "postgresql": _make_upsert(postgresql.insert(_rollups)),
}
