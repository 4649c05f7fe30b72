"""Jobs that recur, and how their moments are kept"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_JOBS: tuple[sa.Column[Any], ...] = (
    sa.Column("schedule", sa.Text(), nullable=True),
    sa.Column("is_armed", sa.Boolean(), nullable=False, server_default=sa.false()),
    sa.Column("next_due_at", UtcDateTime(), nullable=True),
    sa.Column("anchor_at", UtcDateTime(), nullable=True),
    sa.Column("off_since", UtcDateTime(), nullable=True),
    sa.Column("fires", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("delay_seconds", sa.Float(), nullable=True),
    sa.Column("misfire", sa.String(length=8), nullable=False, server_default="latest"),
    sa.Column("misfire_limit", sa.Integer(), nullable=False, server_default="100"),
    sa.Column("misfire_grace_seconds", sa.Integer(), nullable=False, server_default="60"),
    sa.Column("auto_start", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("paused_at", UtcDateTime(), nullable=True),
    sa.Column("paused_until", UtcDateTime(), nullable=True),
    sa.Column("pause_reason", sa.Text(), nullable=True),
    sa.Column("source", sa.Text(), nullable=True),
)
_EXECUTIONS: tuple[sa.Column[Any], ...] = (
    sa.Column("due_until", UtcDateTime(), nullable=True),
    sa.Column("moments", sa.Integer(), nullable=True),
    sa.Column("catches_up_id", sa.String(length=32), nullable=True),
)


def upgrade() -> None:
    for column in _JOBS:
        op.add_column("jobs", column)
    for column in _EXECUTIONS:
        op.add_column("executions", column)
    _partial_index("ix_jobs_next_due_at", "next_due_at")
    _partial_index("ix_jobs_paused_until", "paused_until")
    _partial_index("ix_jobs_source", "source")


def _partial_index(name: str, column: str) -> None:
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, "jobs", [column, "id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_jobs_source", "jobs")
    op.drop_index("ix_jobs_paused_until", "jobs")
    op.drop_index("ix_jobs_next_due_at", "jobs")
    for column in reversed(_EXECUTIONS):
        op.drop_column("executions", column.name)
    for column in reversed(_JOBS):
        op.drop_column("jobs", column.name)
