"""Rows for measurements: some thousands as they would come, or a million for later at once."""

# ruff: noqa: S608 - all words in the statements are our own

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app import db
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.ids import new_id
from app.gateways.messages import Ring
from app.models import Execution, Job
from app.services import executions
from app.services.executions.sql import CLAIMABLE, STARTED

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Load:
    """Many jobs of one kind, with one execution each."""

    count: int
    kind: str = "noop"
    config: str = "{}"
    priority: int = 5
    on_lost: str = "fail"
    name: str = "bench"
    #: When they fall due: now, or from ``first`` on, ``step`` apart.
    first: datetime | None = None
    step: timedelta = field(default=timedelta())


def insert(load: Load) -> list[Ring]:
    """Insert jobs with their executions; return the rings for those that are due now."""
    rings: list[Ring] = []
    for start in range(0, load.count, _CHUNK):
        rows = [_pair(load, i) for i in range(start, min(start + _CHUNK, load.count))]
        with db.transaction() as session:
            session.execute(sa.insert(Job), [job for job, _ in rows])
            session.execute(sa.insert(Execution), [row for _, row in rows])
        rings += [Ring("default", load.priority, (row["id"], 1)) for _, row in rows]
    return rings


def insert_recurring(load: Load) -> None:
    """Insert jobs of a daily rate, whose first moments are those of the load; beat fires them."""
    for start in range(0, load.count, _CHUNK):
        rows = [_recurring(load, i) for i in range(start, min(start + _CHUNK, load.count))]
        with db.transaction() as session:
            session.execute(sa.insert(Job), rows)


def _recurring(load: Load, index: int) -> dict[str, Any]:
    job, row = _pair(load, index)
    return job | {
        "last_number": 0,
        "schedule": '{"type":"fixed_rate","timezone":"UTC","interval_seconds":86400}',
        "is_armed": True,
        "next_due_at": row["due_at"],
        "anchor_at": row["due_at"],
    }


def _pair(load: Load, index: int) -> tuple[dict[str, Any], dict[str, Any]]:
    moment = now() if load.first is None else load.first + load.step * index
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    status = state.QUEUED if load.first is None else state.SCHEDULED
    job_id, row_id, made = new_id(), new_id(), now()
    job = {
        "id": job_id,
        "name": f"{load.name}-{index}",
        "type": load.kind,
        "config": load.config,
        "scheduled_at": moment,
        "priority": load.priority,
        "project_id": "default",
        "timezone": "UTC",
        "status": "scheduled",
        "queue": "default",
        "on_lost": load.on_lost,
        "last_number": 1,
        "created_at": made,
        "updated_at": made,
    }
    row = {
        "id": row_id,
        "root_execution_id": row_id,
        "job_id": job_id,
        "project_id": "default",
        "number": 1,
        "status": status,
        "origin": "schedule" if load.first else "api",
        "on_lost": load.on_lost,
        "exclusive_key": job_id,
        "queue": "default",
        "priority": load.priority,
        "due_at": moment,
        "run_at": moment,
        "queued_at": made if load.first is None else None,
        "created_at": made,
    }
    return job, row


def start_one(name: str, config: str, priority: int = 10, on_lost: str = "fail") -> float:
    """Create a job that is due now, as the API does; return the moment before."""
    moment = time.time()
    load = Load(1, "noop", config, priority, on_lost, name)
    with db.transaction() as session:
        job = Job(**(_pair(load, 0)[0] | {"name": name, "last_number": 0}))
        session.add(job)
        session.flush()
        row = executions.born(job, now(), "api", None, status=state.QUEUED)
        executions.add(session, [row])
    return moment


SOURCE = {
    "sqlite": (
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :count - 1)"
    ),
    "postgresql": "WITH n(i) AS (SELECT generate_series(CAST(0 AS bigint), :count - 1))",
}
_MOMENT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '+30 days', (i % 2592000) || ' seconds')",
    "postgresql": "now() + interval '30 days' + (i % 2592000) * interval '1 second'",
}
NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "postgresql": "now()"}
ID = {
    "sqlite": "printf('{}%020x', i)",
    "postgresql": "'{}' || lpad(to_hex(i), 20, '0')",
}
FALSE = {"sqlite": "0", "postgresql": "false"}


def fill_future(count: int) -> None:
    """Insert so many jobs, each with an execution that is due in a month or later."""
    head = new_id()[:12]
    with db.transaction() as session:
        dialect = session.get_bind().dialect.name
        if dialect == "postgresql":
            session.execute(sa.text("SET LOCAL statement_timeout = 0"))
            for table in ("jobs", "executions"):
                session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in (_jobs(dialect, head), _executions(dialect, head)):
            session.execute(sa.text(statement), {"count": count})
        if dialect == "postgresql":
            _count_for_the_triggers(session.connection(), count)
    if dialect == "postgresql":
        with db.transaction() as session:
            session.execute(sa.text("ANALYZE"))


def _jobs(dialect: str, head: str) -> str:
    later, made, yes = _MOMENT[dialect], NOW[dialect], "1" if dialect == "sqlite" else "true"
    return (
        "INSERT INTO jobs (id, name, type, config, scheduled_at, priority, project_id, timezone,"
        " status, enabled, queue, on_lost, overlap, version, last_number, created_at, updated_at)"
        f" {SOURCE[dialect]} SELECT {ID[dialect].format(head)}, 'nightly ' || i, 'noop', '{{}}',"
        f" {later}, 5, 'default', 'UTC', 'scheduled', {yes}, 'default', 'fail', 'skip', 1, 1,"
        f" {made}, {made} FROM n"
    )


def _executions(dialect: str, head: str) -> str:
    later, made, own = _MOMENT[dialect], NOW[dialect], ID[dialect].format(head)
    no = FALSE[dialect]
    return (
        "INSERT INTO executions (id, root_execution_id, job_id, project_id, number, status,"
        " attempt, origin, on_lost, deaths, exclusive_key, queue, priority, due_at, run_at,"
        " output_truncated, generation, epoch, cancel_forced, created_at)"
        f" {SOURCE[dialect]} SELECT {own}, {own}, {own}, 'default', 1, 'scheduled', 1,"
        f" 'schedule', 'fail', 0, {own}, 'default', 5, {later}, {later}, {no}, 1, 0, {no}, {made}"
        " FROM n"
    )


def _count_for_the_triggers(connection: sa.Connection, count: int) -> None:
    """Do at once what the triggers that count rows would do row by row."""
    for table in ("jobs", "executions"):
        connection.execute(
            sa.text(
                "INSERT INTO tallies (family, key, stripe, value)"
                " VALUES (:family, 'default:scheduled', 'bench', :value)"
            ),
            {"family": table, "value": count},
        )
        connection.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def unfinished() -> bool:
    """Return whether an execution waits or runs that is due within the day.

    Asked again and again while others are measured: first for those that are found at once.
    """
    at_once = (sa.select(Execution.id).where(where).limit(1) for where in (CLAIMABLE, STARTED))
    with db.reading() as session:
        if any(session.scalar(query) for query in at_once):
            return True
    query = sa.select(Execution.id).where(
        Execution.status.in_((state.SCHEDULED, *state.STARTED, state.QUEUED)),
        Execution.run_at < now() + timedelta(days=1),
    )
    with db.reading() as session:
        return session.scalar(query.limit(1)) is not None


def last_end() -> float:
    """Return when the execution that ended last did so."""
    with db.reading() as session:
        moment = session.scalar(sa.select(sa.func.max(Execution.completed_at)))
    assert isinstance(moment, datetime)
    return moment.timestamp()


def outcomes() -> dict[str, int]:
    """Return how many executions ended how, leaving out those of a far future."""
    query = (
        sa.select(Execution.status, sa.func.count())
        .where(Execution.run_at < now() + timedelta(days=1))
        .group_by(Execution.status)
    )
    with db.reading() as session:
        return dict(session.execute(query).tuples().all())


def moment_at(seconds_from_now: float) -> datetime:
    """Return a whole second at least so far away, for loads that fall due later."""
    return datetime.fromtimestamp(int(time.time() + seconds_from_now) + 1, UTC)


def wall_clock() -> float:
    """Return the present moment in seconds since 1970, as jobs and databases see it."""
    return time.time()
