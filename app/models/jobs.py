"""Saved definitions: what to run and how."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, Id, Moment
from app.models.projects import Tag

job_tags = sa.Table(
    "job_tags",
    Base.metadata,
    sa.Column(
        "job_id", sa.String(32), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    ),
    sa.Column(
        "tag_id",
        sa.String(32),
        sa.ForeignKey("tags.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
    ),
)


def _partial(name: str, column: str, *more: str, where: str = "") -> sa.Index:
    only = sa.text(where or f"{column} IS NOT NULL")
    return sa.Index(name, column, *more, "id", sqlite_where=only, postgresql_where=only)


#: Few are; they are counted.
_DISABLED = sa.text("NOT enabled")


def _of_people(name: str, column: str) -> sa.Index:
    """Return an index of what people own or did; most rows are not theirs and not in it."""
    where = sa.text(f"{column} LIKE 'user:%'")
    return sa.Index(name, column, "id", sqlite_where=where, postgresql_where=where)


class Job(Base):
    """A job; ``config`` is the JSON text of its spec."""

    __tablename__ = "jobs"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    type: Mapped[str]
    config: Mapped[str]
    scheduled_at: Mapped[Moment | None]
    priority: Mapped[int] = mapped_column(sa.Integer())
    #: The number that was asked for, where it was none of 1 to 10.
    raw_priority: Mapped[int | None]
    project_id: Mapped[Id] = mapped_column(sa.ForeignKey("projects.id", ondelete="CASCADE"))
    timezone: Mapped[str]
    status: Mapped[str] = mapped_column(sa.String(16))
    enabled: Mapped[bool] = mapped_column(default=True)
    queue: Mapped[str]
    timeout_seconds: Mapped[int | None] = mapped_column(sa.Integer())
    on_lost: Mapped[str] = mapped_column(sa.String(8), default="fail")
    #: JSON of its retry policy with all values; without one nothing is retried.
    retry: Mapped[str | None]
    overlap: Mapped[str] = mapped_column(sa.String(16), default="skip")
    #: A template; executions whose keys come out alike share ``concurrency_limit`` slots.
    concurrency_key: Mapped[str | None]
    concurrency_limit: Mapped[int] = mapped_column(
        sa.Integer(), default=1, server_default=sa.text("1")
    )
    external_id: Mapped[str | None] = mapped_column(unique=True)
    keep_last: Mapped[int | None] = mapped_column(sa.Integer())
    retention_days: Mapped[int | None] = mapped_column(sa.Integer())
    #: Addresses, comma-separated, that are written to when an execution ends as ``notify_on`` says.
    notify_emails: Mapped[str | None]
    notify_on: Mapped[str] = mapped_column(
        sa.String(8), default="failure", server_default="failure"
    )
    created_by: Mapped[str | None]
    version: Mapped[int] = mapped_column(sa.Integer(), default=1)
    #: Number of the newest execution; executions of a job count from 1.
    last_number: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: No execution of the schedule is made at or before this moment; it only grows.
    fired_until: Mapped[Moment | None]
    #: JSON text of the schedule of a job that recurs or is only started by hand.
    schedule: Mapped[str | None]
    #: Whether the schedule is at work: begun, not stopped, not at its end.
    is_armed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    #: The next moment that has no execution yet; ``None`` while the schedule rests.
    next_due_at: Mapped[Moment | None]
    #: From where a fixed rate counts.
    anchor_at: Mapped[Moment | None]
    #: Since when an armed schedule rests, because its job is paused or disabled.
    off_since: Mapped[Moment | None]
    #: Executions the schedule has made since it was armed, for its ``max_runs``.
    fires: Mapped[int] = mapped_column(sa.Integer(), default=0, server_default="0")
    #: Of a fixed delay: from the end of one execution to the next.
    delay_seconds: Mapped[float | None] = mapped_column(sa.Float())
    misfire: Mapped[str] = mapped_column(sa.String(8), default="latest", server_default="latest")
    misfire_limit: Mapped[int] = mapped_column(sa.Integer(), default=100, server_default="100")
    misfire_grace_seconds: Mapped[int] = mapped_column(
        sa.Integer(), default=60, server_default="60"
    )
    auto_start: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    paused_at: Mapped[Moment | None]
    paused_until: Mapped[Moment | None]
    pause_reason: Mapped[str | None]
    #: The list of definitions it comes from, if it was made from one.
    source: Mapped[str | None]
    #: How and when the latest end of its executions was: completed, failed or cancelled.
    last_result: Mapped[str | None] = mapped_column(sa.String(16))
    last_ended_at: Mapped[Moment | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    tags: Mapped[list[Tag]] = relationship(
        secondary=job_tags, order_by=Tag.name, lazy="raise", passive_deletes=True
    )

    __table_args__ = (
        sa.Index("ix_jobs_scheduled_at", "scheduled_at", "id"),
        sa.Index("ix_jobs_created_at", "created_at", "id"),
        sa.Index("ix_jobs_priority", "priority", "id"),
        sa.Index("ix_jobs_project_id", "project_id", "scheduled_at", "id"),
        sa.Index("ix_jobs_status", "status", "scheduled_at", "id", "project_id"),
        sa.Index("ix_jobs_type", "type", "scheduled_at", "id"),
        sa.Index("ix_jobs_name", "name", "id"),
        _partial("ix_jobs_next_due_at", "next_due_at"),
        _partial("ix_jobs_paused_until", "paused_until"),
        _partial("ix_jobs_source", "source"),
        _of_people("ix_jobs_created_by", "created_by"),
        # Neither costs anything when a job is made: most of these rows are not in them.
        _partial("ix_jobs_last_result", "last_result", "scheduled_at"),
        _partial("ix_jobs_last_ended_at", "last_ended_at"),
        _partial("ix_jobs_resting", "scheduled_at", where="status = 'paused' OR NOT enabled"),
        _partial("ix_jobs_queue", "queue", "scheduled_at", where="queue <> 'default'"),
        _partial("ix_jobs_urgency", "priority", "scheduled_at", where="priority <> 5"),
        sa.Index(
            "ix_jobs_disabled", "project_id", sqlite_where=_DISABLED, postgresql_where=_DISABLED
        ),
    )


class JobVersion(Base):
    """A job as it stood after its n-th edit; executions name the version they ran."""

    __tablename__ = "job_versions"

    job_id: Mapped[Id] = mapped_column(
        sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(sa.Integer(), primary_key=True)
    definition: Mapped[str]
    actor: Mapped[str | None]
    #: By which way the edit came: ``page``, ``api`` or ``import``.
    via: Mapped[str | None] = mapped_column(sa.String(8))
    created_at: Mapped[Moment]
