"""Tries to sign in, for the limits"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_in_tries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("is_failed", sa.Boolean(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_tries")),
    )
    op.create_index("ix_sign_in_tries_account", "sign_in_tries", ["account", "tried_at"])
    op.create_index("ix_sign_in_tries_address", "sign_in_tries", ["address", "tried_at"])
    op.create_index("ix_sign_in_tries_tried_at", "sign_in_tries", ["tried_at"])


def downgrade() -> None:
    op.drop_table("sign_in_tries")
