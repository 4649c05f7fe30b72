"""Pauses of the installation and of queues, drained workers"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_QUEUES = (
    ("paused_at", UtcDateTime()),
    ("paused_reason", sa.Text()),
    ("paused_by", sa.Text()),
    ("max_running", sa.Integer()),
    ("rate_count", sa.Integer()),
    ("rate_seconds", sa.Integer()),
)
_EXECUTIONS = (
    ("concurrency_key", sa.Text()),
    ("concurrency_limit", sa.Integer()),
    ("turn_at", UtcDateTime()),
)
_CLAIMABLE = sa.text("status = 'queued' AND blocked_on IS NULL")
_KEY_USED = sa.text(
    "concurrency_key IS NOT NULL AND blocked_on IS NULL"
    " AND status IN ('queued', 'running', 'cancelling')"
)


def upgrade() -> None:
    op.create_table(
        "pauses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    op.create_index("ix_pauses_began_at", "pauses", ["began_at"], unique=False)
    for name, kind in _QUEUES:
        op.add_column("queues", sa.Column(name, kind, nullable=True))
    op.create_table(
        "queue_starts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_starts")),
    )
    op.create_index("ix_queue_starts_queue", "queue_starts", ["queue", "started_at"], unique=False)
    op.add_column("workers", sa.Column("drained_at", UtcDateTime(), nullable=True))
    op.add_column("jobs", sa.Column("concurrency_key", sa.Text(), nullable=True))
    limit = sa.Column(
        "concurrency_limit", sa.Integer(), server_default=sa.text("1"), nullable=False
    )
    op.add_column("jobs", limit)
    op.add_column("jobs", sa.Column("raw_priority", sa.BigInteger(), nullable=True))
    for name, kind in _EXECUTIONS:
        op.add_column("executions", sa.Column(name, kind, nullable=True))
    _order_claims_by("coalesce(turn_at, run_at)")
    op.create_index(
        "ix_executions_key",
        "executions",
        ["concurrency_key"],
        unique=False,
        sqlite_where=_KEY_USED,
        postgresql_where=_KEY_USED,
    )


def _order_claims_by(moment: str) -> None:
    op.drop_index("ix_executions_claim", "executions")
    op.create_index(
        "ix_executions_claim",
        "executions",
        ["queue", sa.text("priority DESC"), sa.text(moment), "created_at", "id"],
        unique=False,
        sqlite_where=_CLAIMABLE,
        postgresql_where=_CLAIMABLE,
    )


def downgrade() -> None:
    op.drop_index("ix_executions_key", "executions")
    _order_claims_by("run_at")
    for name, _ in reversed(_EXECUTIONS):
        op.drop_column("executions", name)
    op.drop_column("jobs", "raw_priority")
    op.drop_column("jobs", "concurrency_limit")
    op.drop_column("jobs", "concurrency_key")
    op.drop_table("queue_starts")
    op.drop_column("workers", "drained_at")
    for name, _ in reversed(_QUEUES):
        op.drop_column("queues", name)
    op.drop_table("pauses")
