"""Sign-ins that have come back from the identity provider"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spent_states",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("spent_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spent_states")),
    )
    op.create_index("ix_spent_states_spent_at", "spent_states", ["spent_at"])


def downgrade() -> None:
    op.drop_table("spent_states")
