"""On PostgreSQL the planned rows have an index that begins with their moment"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: PostgreSQL knows that all rows of such an index have this status and drops the condition on it.
#: Where the status leads the index, nothing is then left to begin at, and all of it is read.
_IS_PLANNED = "status = 'scheduled' AND blocked_on IS NULL"


def upgrade() -> None:
    _change("ix_executions_due", "ix_executions_run_at", ["run_at", "handed_at"])


def downgrade() -> None:
    _change("ix_executions_run_at", "ix_executions_due", ["status", "run_at", "handed_at"])


def _change(old: str, new: str, columns: list[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(new, "executions", columns, postgresql_where=sa.text(_IS_PLANNED))
        op.drop_index(old, "executions")
