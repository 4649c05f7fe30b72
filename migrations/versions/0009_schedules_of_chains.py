"""Chains have schedules of their own"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHAINS: tuple[sa.Column[Any], ...] = (
    sa.Column("schedule", sa.Text(), nullable=True),
    sa.Column("enabled", sa.Boolean(), nullable=False, server_default=sa.true()),
    sa.Column("next_due_at", UtcDateTime(), nullable=True),
    sa.Column("anchor_at", UtcDateTime(), nullable=True),
    sa.Column("fires", sa.Integer(), nullable=False, server_default="0"),
)


def upgrade() -> None:
    for column in _CHAINS:
        op.add_column("chains", column)
    op.add_column("chain_runs", sa.Column("moments", sa.Integer(), nullable=True))
    where = sa.text("next_due_at IS NOT NULL")
    op.create_index(
        "ix_chains_next_due_at",
        "chains",
        ["next_due_at"],
        sqlite_where=where,
        postgresql_where=where,
    )


def downgrade() -> None:
    op.drop_index("ix_chains_next_due_at", "chains")
    op.drop_column("chain_runs", "moments")
    for column in reversed(_CHAINS):
        op.drop_column("chains", column.name)
