"""The ledger: one row per attempt, from birth to a final status, and what it printed."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment

_STARTED = sa.text("status IN ('running', 'cancelling')")
_CLAIMABLE = sa.text("status = 'queued' AND blocked_on IS NULL AND chain_run_id IS NULL")
_LINK_WAITS = sa.text("status = 'queued' AND blocked_on IS NULL AND chain_run_id IS NOT NULL")
_DUE = sa.text("status = 'scheduled' AND blocked_on IS NULL")
_KEY_USED = sa.text(
    "concurrency_key IS NOT NULL AND blocked_on IS NULL"
    " AND status IN ('queued', 'running', 'cancelling')"
)
_ACTIVE = sa.text("status IN ('scheduled', 'queued', 'running', 'cancelling')")
#: Only dead letters have a fingerprint. The status is not asked for: its index would be taken.
_DEAD = sa.text("fingerprint IS NOT NULL AND discarded_at IS NULL AND replayed_by IS NULL")


def _partial(
    name: str, *columns: str | sa.TextClause, where: sa.TextClause, unique: bool = False
) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


class Execution(Base):
    """One attempt to run a job at one due moment."""

    __tablename__ = "executions"

    id: Mapped[Id] = mapped_column(primary_key=True)
    root_execution_id: Mapped[Id]
    parent_execution_id: Mapped[Id | None]
    job_id: Mapped[Id] = mapped_column(sa.ForeignKey("jobs.id", ondelete="CASCADE"))
    project_id: Mapped[Id]
    #: The version of the job, fixed at the claim.
    job_version: Mapped[int | None] = mapped_column(sa.Integer())
    number: Mapped[int] = mapped_column(sa.Integer())
    status: Mapped[str] = mapped_column(sa.String(16))
    attempt: Mapped[int] = mapped_column(sa.Integer(), default=1)
    origin: Mapped[str] = mapped_column(sa.String(16))
    actor: Mapped[str | None]
    #: JSON of what the person who started it gave: env, args, body.
    parameters: Mapped[str | None]
    on_lost: Mapped[str] = mapped_column(sa.String(8))
    #: Workers that died under this due moment, over all its attempts.
    deaths: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: Retries of the job's policy that led to this attempt; lost workers use none.
    retries: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: Held while running by at most one execution; the job's id unless overlap is allowed.
    exclusive_key: Mapped[str | None]
    #: The key this row waits for; such a row is outside the index of claimable rows.
    blocked_on: Mapped[str | None]
    #: What it shares ``concurrency_limit`` slots under, as ``blocked_on`` names it.
    concurrency_key: Mapped[str | None]
    concurrency_limit: Mapped[int | None] = mapped_column(sa.Integer())
    #: When its key let it go after it had waited: its place in the order, instead of ``run_at``.
    turn_at: Mapped[Moment | None]
    reason: Mapped[str | None]
    queue: Mapped[str]
    priority: Mapped[int] = mapped_column(sa.Integer())
    due_at: Mapped[Moment]
    #: Of a row that stands for several moments which passed alike: the last, and how many.
    due_until: Mapped[Moment | None]
    moments: Mapped[int | None] = mapped_column(sa.Integer())
    #: The skipped execution that this one makes up for.
    catches_up_id: Mapped[Id | None]
    run_at: Mapped[Moment]
    #: When its release message was last published.
    handed_at: Mapped[Moment | None]
    queued_at: Mapped[Moment | None]
    started_at: Mapped[Moment | None]
    completed_at: Mapped[Moment | None]
    duration_ms: Mapped[int | None]
    lateness_ms: Mapped[int | None]
    exit_code: Mapped[int | None] = mapped_column(sa.Integer())
    error: Mapped[str | None]
    error_code: Mapped[str | None]
    #: Of a dead letter: what its error has in common with others.
    fingerprint: Mapped[str | None] = mapped_column(sa.String(32))
    #: When a person put the dead letter aside.
    discarded_at: Mapped[Moment | None]
    #: The ended execution that this one repeats, and the first one that repeats this.
    replay_of: Mapped[Id | None]
    replayed_by: Mapped[Id | None]
    #: The last 16 KiB of the output, for lists; all of it is in execution_logs.
    output_tail: Mapped[str | None]
    output_truncated: Mapped[bool] = mapped_column(default=False)
    #: When a person removed on purpose what it had printed, and who.
    output_purged_at: Mapped[Moment | None]
    output_purged_by: Mapped[str | None]
    cpu_seconds: Mapped[float | None] = mapped_column(sa.Float())
    #: The greatest of any one process or, where that was sampled, of all of them together.
    max_rss_bytes: Mapped[int | None]
    #: Of the samples, if there are any.
    max_cpu_percent: Mapped[float | None] = mapped_column(sa.Float())
    mean_rss_bytes: Mapped[int | None]
    #: Counts edits of a planned row; a message that carries an older one dies at the claim.
    generation: Mapped[int] = mapped_column(sa.Integer(), default=1)
    #: Counts claims; every write of the owner carries it, a stale one is refused.
    epoch: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: The worker that owns or last owned it, and the process within that worker.
    worker: Mapped[str | None]
    slot: Mapped[str | None]
    lease_until: Mapped[Moment | None]
    cancel_forced: Mapped[bool] = mapped_column(default=False)
    #: The chain run it belongs to, and as which of its links, from 1.
    chain_run_id: Mapped[Id | None]
    link_index: Mapped[int | None] = mapped_column(sa.Integer())
    #: Its place in a trace, as W3C writes it: below what asked for it. Its attempts share one.
    traceparent: Mapped[str | None] = mapped_column(sa.String(55))
    created_at: Mapped[Moment]

    __table_args__ = (
        _partial(
            "ix_executions_claim",
            "queue",
            sa.text("priority DESC"),
            sa.text("coalesce(turn_at, run_at)"),
            "created_at",
            "id",
            where=_CLAIMABLE,
        ),
        # By their status first, though all have the same: SQLite knows no better index then.
        _partial(
            "ix_executions_oldest",
            "status",
            "run_at",
            where=sa.text(
                "status = 'queued' AND blocked_on IS NULL AND chain_run_id IS NULL AND priority > 0"
            ),
        ),
        _partial("ix_executions_link_waits", "status", "queued_at", where=_LINK_WAITS),
        _partial(
            "ix_executions_chain_run_id",
            "chain_run_id",
            "link_index",
            "id",
            where=sa.text("chain_run_id IS NOT NULL"),
        ),
        # One link at a time: whoever would start a second one beside it is refused by this.
        _partial(
            "uq_executions_chain_run_id",
            "chain_run_id",
            unique=True,
            where=sa.text(
                "chain_run_id IS NOT NULL"
                " AND status IN ('scheduled', 'queued', 'running', 'cancelling')"
            ),
        ),
        # The same for planned rows; but PostgreSQL, which takes the status for known, would read
        # the whole of such an index to learn what is due.
        _partial("ix_executions_due", "status", "run_at", "handed_at", where=_DUE).ddl_if(
            dialect="sqlite"
        ),
        _partial("ix_executions_run_at", "run_at", "handed_at", where=_DUE).ddl_if(
            dialect="postgresql"
        ),
        # Leases that ran out have no index: what has begun is little, and each beat would write it.
        _partial("ix_executions_owner", "worker", "slot", where=_STARTED),
        _partial(
            "ix_executions_blocked", "blocked_on", "run_at", where=sa.text("blocked_on IS NOT NULL")
        ),
        _partial("ix_executions_key", "concurrency_key", where=_KEY_USED),
        _partial("ix_executions_active", "job_id", "status", where=_ACTIVE),
        _partial("uq_executions_exclusive_key", "exclusive_key", where=_STARTED, unique=True),
        _partial(
            "uq_executions_parent",
            "parent_execution_id",
            unique=True,
            where=sa.text("parent_execution_id IS NOT NULL"),
        ),
        _partial(
            "uq_executions_moment",
            "job_id",
            "due_at",
            "attempt",
            unique=True,
            where=sa.text("origin = 'schedule'"),
        ),
        _partial(
            "ix_executions_origin",
            "origin",
            "started_at",
            "id",
            "status",
            where=sa.text("origin NOT IN ('api', 'schedule')"),
        ),
        _partial(
            "ix_executions_unstarted",
            "project_id",
            where=sa.text("status = 'cancelled' AND started_at IS NULL"),
        ),
        # What people started themselves; most executions are not theirs and not in it.
        _partial("ix_executions_actor", "actor", "id", where=sa.text("actor LIKE 'user:%'")),
        _partial(
            "ix_executions_worker",
            "worker",
            "started_at",
            "id",
            where=sa.text("worker IS NOT NULL AND started_at IS NOT NULL"),
        ),
        _partial(
            "ix_executions_queue", "queue", "started_at", "id", where=sa.text("queue <> 'default'")
        ),
        _partial(
            "ix_executions_error_code",
            "error_code",
            "started_at",
            "id",
            "worker",
            where=sa.text("error_code IS NOT NULL"),
        ),
        _partial("ix_executions_dead", "completed_at", "id", where=_DEAD),
        _partial("ix_executions_fingerprint", "fingerprint", "completed_at", "id", where=_DEAD),
        sa.Index("uq_executions_number", "job_id", "number", unique=True),
        sa.Index("ix_executions_job_id", "job_id", "started_at", "id"),
        sa.Index("ix_executions_started_at", "started_at", "id"),
        # The last column is what else a list of it is narrowed to: so the index answers alone.
        sa.Index("ix_executions_status", "status", "started_at", "id", "job_id"),
        sa.Index("ix_executions_project_id", "project_id", "started_at", "id"),
        # Of rows that have not ended nobody asks by these: each birth and claim would write them.
        _partial(
            "ix_executions_completed_at",
            "completed_at",
            where=sa.text("completed_at IS NOT NULL"),
        ),
        _partial(
            "ix_executions_duration_ms",
            "duration_ms",
            "id",
            where=sa.text("duration_ms IS NOT NULL"),
        ),
    )


class ExecutionLog(Base):
    """A chunk of output: lines ``first_number`` to ``last_number`` without a gap.

    ``body`` is a JSON list of ``[stream, milliseconds after logged_at, text]``; the text holds
    one or more whole lines. A gap between chunks is what MAX_OUTPUT_BYTES left out.
    """

    __tablename__ = "execution_logs"

    execution_id: Mapped[Id] = mapped_column(
        sa.ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    first_number: Mapped[int] = mapped_column(primary_key=True)
    last_number: Mapped[int]
    logged_at: Mapped[Moment]
    body: Mapped[str]
