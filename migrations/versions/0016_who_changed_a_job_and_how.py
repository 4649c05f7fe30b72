"""By which way an edit of a job came"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job_versions", sa.Column("via", sa.String(length=8), nullable=True))


def downgrade() -> None:
    op.drop_column("job_versions", "via")
