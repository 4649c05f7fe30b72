"""What executions used: samples of those that took long, and figures of jobs by hour and day."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Id, Moment


class UsageSample(Base):
    """What an execution used at a moment, and since the sample before."""

    __tablename__ = "usage_samples"

    execution_id: Mapped[Id] = mapped_column(
        sa.ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True
    )
    sampled_at: Mapped[Moment] = mapped_column(primary_key=True)
    #: Of one core, on the mean since the sample before: 200 is two cores.
    cpu_percent: Mapped[float] = mapped_column(sa.Float())
    memory_bytes: Mapped[int]
    #: Of the machine's memory, or of what its container may have.
    memory_percent: Mapped[float | None] = mapped_column(sa.Float())

    __table_args__ = (sa.Index("ix_usage_samples_sampled_at", "sampled_at"),)


class JobRollup(Base):
    """How the executions of a job that ended within an hour or a day (UTC) went.

    Numbers that can be added up are kept as sums. Durations are those of what completed.
    """

    __tablename__ = "job_rollups"

    job_id: Mapped[Id] = mapped_column(
        sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    #: ``hour`` or ``day``.
    period: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    period_start: Mapped[Moment] = mapped_column(primary_key=True)
    runs: Mapped[int]
    completed: Mapped[int]
    #: Failed and dead letters; timeouts are counted beside them.
    failed: Mapped[int]
    timeouts: Mapped[int]
    cancelled: Mapped[int]
    duration_ms: Mapped[int]
    max_duration_ms: Mapped[int | None]
    p50_duration_ms: Mapped[int | None]
    p95_duration_ms: Mapped[int | None]
    #: CPU seconds of those that know theirs, and how long these took.
    cpu_seconds: Mapped[float] = mapped_column(sa.Float())
    cpu_duration_ms: Mapped[int]
    max_cpu_percent: Mapped[float | None] = mapped_column(sa.Float())
    #: How many know their memory, the sum of their means, and the greatest of their peaks.
    memory_runs: Mapped[int]
    memory_bytes: Mapped[int]
    max_memory_bytes: Mapped[int | None]

    __table_args__ = (sa.Index("ix_job_rollups_period", "period", "period_start"),)


class RollupMark(Base):
    """How far the figures of a period are final, and who is at work on them."""

    __tablename__ = "rollup_marks"

    period: Mapped[str] = mapped_column(sa.String(4), primary_key=True)
    #: Nothing that ended before is looked at again.
    closed_until: Mapped[Moment | None]
    #: Up to when the figures told all when they were last written.
    fresh_until: Mapped[Moment | None]
    next_at: Mapped[Moment | None]
    busy_until: Mapped[Moment | None]
