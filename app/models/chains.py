"""Ordered lists of jobs, and each pass through one."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment

_UNDER_WAY = sa.text("status IN ('running', 'cancelling')")
_IS_DUE = sa.text("next_due_at IS NOT NULL")
_BY_SCHEDULE = sa.text("origin = 'schedule'")


class ChainLink(Base):
    """A job's place in a chain."""

    __tablename__ = "chain_links"

    id: Mapped[Id] = mapped_column(primary_key=True)
    chain_id: Mapped[Id] = mapped_column(sa.ForeignKey("chains.id", ondelete="CASCADE"))
    #: From 1; where a job was deleted a number is missing.
    sequence_order: Mapped[int] = mapped_column(sa.Integer())
    job_id: Mapped[Id] = mapped_column(sa.ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    stop_on_failure: Mapped[bool] = mapped_column(default=True)
    run_if: Mapped[str] = mapped_column(sa.String(8), default="success")
    created_at: Mapped[Moment]

    __table_args__ = (
        sa.Index("uq_chain_links_sequence_order", "chain_id", "sequence_order", unique=True),
    )


class Chain(Base):
    """A chain; its queue and priority, where given, replace those of its jobs."""

    __tablename__ = "chains"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str]
    description: Mapped[str | None]
    project_id: Mapped[Id] = mapped_column(
        sa.ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    priority: Mapped[int | None] = mapped_column(sa.Integer())
    queue: Mapped[str | None]
    #: Number of the newest run; the runs of a chain count from 1.
    last_number: Mapped[int] = mapped_column(sa.Integer(), default=0)
    #: JSON text of its own schedule.
    schedule: Mapped[str | None]
    #: Whether its schedule starts it.
    enabled: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    next_due_at: Mapped[Moment | None]
    #: From where a fixed rate counts.
    anchor_at: Mapped[Moment | None]
    #: Runs its schedule has started, for ``max_runs``.
    fires: Mapped[int] = mapped_column(sa.Integer(), default=0, server_default="0")
    created_by: Mapped[str | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]

    __table_args__ = (
        sa.Index("ix_chains_name", "name", "id"),
        sa.Index(
            "ix_chains_next_due_at",
            "next_due_at",
            sqlite_where=_IS_DUE,
            postgresql_where=_IS_DUE,
        ),
    )


class ChainRun(Base):
    """One pass through a chain, as the chain was when it began."""

    __tablename__ = "chain_runs"

    id: Mapped[Id] = mapped_column(primary_key=True)
    chain_id: Mapped[Id] = mapped_column(sa.ForeignKey("chains.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(sa.Integer())
    status: Mapped[str] = mapped_column(sa.String(16))
    origin: Mapped[str] = mapped_column(sa.String(16))
    actor: Mapped[str | None]
    #: The moment of its schedule.
    due_at: Mapped[Moment | None]
    #: Of a row that stands for several moments which passed: how many.
    moments: Mapped[int | None] = mapped_column(sa.Integer())
    #: JSON: the links as they were at the start, and what became of each.
    links: Mapped[str]
    #: The link whose turn it is, from 1.
    current_index: Mapped[int] = mapped_column(sa.Integer(), default=1)
    #: Counts passes: messages of an earlier one die at the claim.
    generation: Mapped[int] = mapped_column(sa.Integer(), default=1)
    started_at: Mapped[Moment]
    #: When a link last ended or began to wait.
    advanced_at: Mapped[Moment]
    completed_at: Mapped[Moment | None]
    duration_ms: Mapped[int | None]
    error: Mapped[str | None]

    __table_args__ = (
        sa.Index("uq_chain_runs_number", "chain_id", "number", unique=True),
        sa.Index(
            "uq_chain_runs_moment",
            "chain_id",
            "due_at",
            unique=True,
            sqlite_where=_BY_SCHEDULE,
            postgresql_where=_BY_SCHEDULE,
        ),
        sa.Index(
            "ix_chain_runs_under_way",
            "advanced_at",
            sqlite_where=_UNDER_WAY,
            postgresql_where=_UNDER_WAY,
        ),
        sa.Index("ix_chain_runs_completed_at", "completed_at"),
    )
