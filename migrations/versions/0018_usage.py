"""Samples of what executions use, and figures of jobs by hour and day"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.String(length=32)
_COUNTS = ("runs", "completed", "failed", "timeouts", "cancelled", "duration_ms")
_DURATIONS = ("max_duration_ms", "p50_duration_ms", "p95_duration_ms")


def upgrade() -> None:
    op.add_column("executions", sa.Column("max_cpu_percent", sa.Float(), nullable=True))
    op.add_column("executions", sa.Column("mean_rss_bytes", sa.BigInteger(), nullable=True))
    op.create_table(
        "usage_samples",
        sa.Column("execution_id", _ID, nullable=False),
        sa.Column("sampled_at", UtcDateTime(), nullable=False),
        sa.Column("cpu_percent", sa.Float(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("memory_percent", sa.Float(), nullable=True),
        _owned_by("usage_samples", "execution"),
        sa.PrimaryKeyConstraint("execution_id", "sampled_at", name=op.f("pk_usage_samples")),
    )
    op.create_index("ix_usage_samples_sampled_at", "usage_samples", ["sampled_at"])
    _create_rollups()
    op.create_table(
        "rollup_marks",
        sa.Column("period", sa.String(length=4), nullable=False),
        *(
            sa.Column(name, UtcDateTime(), nullable=True)
            for name in ("closed_until", "fresh_until", "next_at", "busy_until")
        ),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_rollup_marks")),
    )


def downgrade() -> None:
    op.drop_table("rollup_marks")
    op.drop_table("job_rollups")
    op.drop_table("usage_samples")
    op.drop_column("executions", "mean_rss_bytes")
    op.drop_column("executions", "max_cpu_percent")


def _create_rollups() -> None:
    op.create_table(
        "job_rollups",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("period", sa.String(length=4), nullable=False),
        sa.Column("period_start", UtcDateTime(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _DURATIONS),
        sa.Column("cpu_seconds", sa.Float(), nullable=False),
        sa.Column("cpu_duration_ms", sa.BigInteger(), nullable=False),
        sa.Column("max_cpu_percent", sa.Float(), nullable=True),
        sa.Column("memory_runs", sa.BigInteger(), nullable=False),
        sa.Column("memory_bytes", sa.BigInteger(), nullable=False),
        sa.Column("max_memory_bytes", sa.BigInteger(), nullable=True),
        _owned_by("job_rollups", "job"),
        sa.PrimaryKeyConstraint("job_id", "period", "period_start", name=op.f("pk_job_rollups")),
    )
    op.create_index("ix_job_rollups_period", "job_rollups", ["period", "period_start"])


def _owned_by(table: str, owner: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{owner}_id")
    return sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}s.id"], name=name, ondelete="CASCADE")
