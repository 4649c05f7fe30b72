"""Workers say whether they reach a Docker engine"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("workers", sa.Column("docker", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("workers", "docker")
