"""Taking executions: the conditional update that makes a row belong to one worker."""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import execution_state as state
from app.domain.events import ExecutionStarted
from app.events import emit
from app.gateways.messages import Ring
from app.models import Execution, Job, JobVersion
from app.services import tallies
from app.services.driver.prepared import Prepared
from app.services.executions import limits
from app.services.executions.following import follow_job
from app.services.executions.given import ANY_VARIABLES, given
from app.services.executions.sql import CLAIMABLE, MAY_BEGIN, OWNER_TAKES_WORK, STARTED, TURN
from app.services.executions.taken import Claim, Owner
from app.services.wakeups import ring_after_commit

_executions: Any = Execution.__table__
_jobs: Any = Job.__table__

_CLAIM_COLUMNS = tuple(
    _executions.c[name]
    for name in (
        "id",
        "epoch",
        "root_execution_id",
        "job_id",
        "attempt",
        "parameters",
        "on_lost",
        "queue",
        "priority",
        "run_at",
        "started_at",
        "exclusive_key",
        "concurrency_key",
        "job_version",
        "deaths",
        "retries",
        "chain_run_id",
        "link_index",
        "traceparent",
    )
)

_ONE: Any = sa.literal_column("1", sa.Integer())


def _best(
    order: Sequence[sa.ColumnElement[Any]],
    *only: sa.ColumnElement[bool] | sa.TextClause,
    limit: sa.ColumnElement[int] = _ONE,
) -> sa.Update:
    """Return the claim of the first row, or the first ``limit`` rows, in an order, built once.

    One is said in the text: of a limit that it does not know PostgreSQL believes that it is a tenth
    of all, and rather plans each claim anew, which takes longer than the claim.
    It is one conditional update: who loses a race for a row touches nothing. The choice is
    materialised: PostgreSQL may run a plain subselect several times and take more than ``limit``.
    """
    chosen = (
        sa.select(_executions.c.id)
        .where(CLAIMABLE, MAY_BEGIN, OWNER_TAKES_WORK, *only)
        .order_by(*order)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return taking(_executions.c.id.in_(sa.select(chosen.c.id)))


def taking(*which: sa.ColumnElement[bool] | sa.TextClause) -> sa.Update:
    """Return the conditional update by which rows come to belong to an owner."""
    version = sa.select(_jobs.c.version).where(_jobs.c.id == _executions.c.job_id)
    return (
        sa.update(_executions)
        .where(*which)
        .values(
            status=sa.literal_column(f"'{state.RUNNING}'"),
            epoch=_executions.c.epoch + 1,
            started_at=db_now(),
            lease_until=db_now(sa.bindparam("lease", type_=sa.Float())),
            worker=sa.bindparam("owner"),
            slot=sa.bindparam("owner_slot"),
            # Another attempt of the same due moment keeps the version of the first.
            job_version=sa.func.coalesce(_executions.c.job_version, version.scalar_subquery()),
        )
        .returning(*_CLAIM_COLUMNS)
    )


_ORDER = (
    _executions.c.priority.desc(),
    TURN,
    _executions.c.created_at,
    _executions.c.id,
)
_IN_QUEUE = _executions.c.queue == sa.bindparam("of_queue")
#: Not the column itself, or SQLite would sort all rows of the queue by its index for claims.
_IN_QUEUES = (_executions.c.queue + "").in_(sa.bindparam("queues", expanding=True))
_FIRST = Prepared(_best(_ORDER, _IN_QUEUE))
#: Rows that may be claimed before their turn: repeatable, and no worker has died of them yet.
_AHEAD = Prepared(
    _best(
        _ORDER,
        _IN_QUEUE,
        _executions.c.on_lost == sa.literal_column("'retry'"),
        _executions.c.deaths == sa.literal_column("0"),
        limit=sa.bindparam("limit", type_=sa.Integer()),
    )
)
#: The needless conditions are those of the index for this order, which no other query shall use.
_OLDEST = _best((_executions.c.run_at,), _IN_QUEUES, sa.text("executions.priority > 0"))
_JOB_COLUMNS = ("name", "type", "config", "timeout_seconds", "retry", "version", "project_id")
_START_JOBS = (
    sa.update(_jobs)
    .values(status=sa.literal_column("'running'"))
    .returning(_jobs.c.id, *(_jobs.c[name] for name in _JOB_COLUMNS), ANY_VARIABLES)
)
#: Mostly it is one, and a list of one costs as much again as the statement.
_START_ONE = Prepared(_START_JOBS.where(_jobs.c.id == sa.bindparam("of_id")))
_START_MANY = _START_JOBS.where(_jobs.c.id.in_(sa.bindparam("ids", expanding=True)))


def claim(
    session: Session, owner: Owner, queues: Sequence[str], limit: int, lease: float, *, oldest: bool
) -> list[Claim]:
    """Take the best row of ``queues``, or (``oldest``) the one due longest.

    Best is: position of the queue, priority, ``run_at``, ``created_at``. If that row may be
    repeated, up to ``limit`` rows of its queue that may be repeated come with it. Raises
    ``IntegrityError`` if another execution of the same key runs: ``resolve_overlaps`` mends that.
    """
    values = {"lease": lease, "owner": owner.worker, "owner_slot": owner.slot}
    taken: list[Any] = []
    known = limits.known(session)
    if known:
        limits.take_turn(session, queues)
        closed = limits.closed(session, queues)
        queues = [name for name in queues if name not in closed]
    for names in _groups(session, queues, oldest=oldest):
        if not taken:
            taken += _take(session, names, values, oldest=oldest and names[0] not in known)
    if not taken:
        return []
    if taken[0].queue in known:
        limits.began(session, taken[0].queue, 1)
    elif limit > 1 and taken[0].on_lost == "retry" and not taken[0].deaths:
        more = {"of_queue": taken[0].queue, "limit": limit - 1}
        rows = _AHEAD.rows(session, values | more)
        taken += sorted(rows, key=lambda r: (-r.priority, r.run_at))
    return started(session, taken)


def _take(
    session: Session, names: Sequence[str], values: dict[str, Any], *, oldest: bool
) -> Sequence[Any]:
    if oldest:
        return session.execute(_OLDEST, values | {"queues": names}).all()
    return _FIRST.rows(session, values | {"of_queue": names[0]})


def started(session: Session, taken: Sequence[Any]) -> list[Claim]:
    """Tell of rows that were just taken, and return them with what is to be run."""
    by_id = {job.id: job for job in _start_jobs(session, {row.job_id for row in taken})}
    tallies.add(session, "events", "claims", len(taken))
    for row in taken:
        emit(session, ExecutionStarted(row.id, row.job_id))
    return [_claimed(session, row, by_id[row.job_id]) for row in taken]


def _start_jobs(session: Session, ids: set[str]) -> Sequence[Any]:
    if len(ids) == 1:
        return _START_ONE.rows(session, {"of_id": next(iter(ids))})
    return session.execute(_START_MANY, {"ids": sorted(ids)}).all()


def _config(session: Session, row: Any, job: Any) -> tuple[str, int | None]:
    """Return what is to be run, and for how long: as the row's version of the job has it."""
    if row.job_version == job.version:
        return job.config, job.timeout_seconds
    known = session.get(JobVersion, (row.job_id, row.job_version))
    if known is None:
        return job.config, job.timeout_seconds
    definition = orjson.loads(known.definition)
    return orjson.dumps(definition["config"]).decode(), definition["timeout_seconds"]


def _groups(session: Session, queues: Sequence[str], *, oldest: bool) -> list[list[str]]:
    """Return the queues in the order and the groups in which a row is looked for."""
    if not queues:
        return []
    return limits.oldest_first(session, queues) if oldest else [[name] for name in queues]


def _claimed(session: Session, row: Any, job: Any) -> Claim:
    tallies.add_lateness(session, (row.started_at - row.run_at).total_seconds())
    config, timeout_seconds = _config(session, row, job)
    return Claim(
        row.id,
        row.epoch,
        row.root_execution_id,
        row.job_id,
        job.name,
        job.type,
        config,
        timeout_seconds,
        row.attempt,
        row.parameters,
        row.on_lost,
        row.queue,
        row.run_at,
        row.started_at,
        row.exclusive_key,
        job.retry,
        row.retries,
        row.concurrency_key,
        row.chain_run_id,
        row.link_index,
        given(session, row.job_id, job.project_id, config) if job.has_any else None,
        row.traceparent,
    )


def unstarted(session: Session, owner: Owner) -> list[Claim]:
    """Return what belongs to a slot that runs nothing at this moment.

    Such rows come from a claim whose commit went through while its answer got lost.
    """
    query = (
        sa.select(*_CLAIM_COLUMNS, *(_jobs.c[name] for name in _JOB_COLUMNS), ANY_VARIABLES)
        .join(Job, Job.id == Execution.job_id)
        .where(Execution.worker == owner.worker, Execution.slot == owner.slot, STARTED)
    )
    return [_claimed(session, row, row) for row in session.execute(query)]


def of_owner(session: Session, worker: str, pid: int | None = None) -> Sequence[Execution]:
    """Return, locked, the started executions of a worker, or of one of its processes."""
    query = sa.select(Execution).where(Execution.worker == worker, STARTED)
    if pid is not None:
        query = query.where(Execution.slot.startswith(f"{pid}.", autoescape=True))
    return session.scalars(query.with_for_update(skip_locked=True)).all()


_WAITS = (
    sa.select(Execution.id)
    .where(Execution.queue.in_(sa.bindparam("queues", expanding=True)), CLAIMABLE, MAY_BEGIN)
    .limit(1)
)


def has_claimable(session: Session, queues: Sequence[str]) -> bool:
    """Return whether a row of these queues waits to be claimed, and may begin."""
    return session.scalar(_WAITS, {"queues": list(queues)}) is not None


_GIVE_BACK = (
    sa.update(_executions)
    .where(
        _executions.c.id == sa.bindparam("of_id"),
        _executions.c.epoch == sa.bindparam("of_epoch"),
        _executions.c.status == sa.literal_column("'running'"),
    )
    .values(
        status="queued",
        started_at=None,
        lease_until=None,
        worker=None,
        slot=None,
        job_version=sa.case((_executions.c.attempt > 1, _executions.c.job_version)),
    )
)


def give_back(session: Session, claims: Sequence[Claim]) -> None:
    """Return rows that were claimed ahead and have not begun to their queues, and ring."""
    session.connection().execute(
        _GIVE_BACK, [{"of_id": claim.id, "of_epoch": claim.epoch} for claim in claims]
    )
    for claim in claims:
        follow_job(session, claim.job_id, None)
    ring_after_commit(
        session, [Ring(claim.queue, 5, (claim.id, 0), claim.chain_run_id) for claim in claims]
    )
