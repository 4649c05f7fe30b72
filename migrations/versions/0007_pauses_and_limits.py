"""Pauses of the installation and of queues, drained workers"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0007"
down_revision = "0003"
branch_labels = None
depends_on = None

_QUEUES = (("paused_at", UtcDateTime()), ("paused_reason", sa.Text()), ("paused_by", sa.Text()))


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
    op.add_column("workers", sa.Column("drained_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("workers", "drained_at")
    for name, _ in reversed(_QUEUES):
        op.drop_column("queues", name)
    op.drop_table("pauses")
