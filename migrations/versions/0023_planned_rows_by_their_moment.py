"""On PostgreSQL the planned rows have an index that begins with their moment"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

#: It knows that all rows of the index have this status, and then forgets that it leads the index:
#: to learn what is due it read the whole of it.
_IS_PLANNED = "status = 'scheduled' AND blocked_on IS NULL"


def upgrade() -> None:
    _change("ix_executions_due", "ix_executions_run_at", ["run_at", "handed_at"])


def downgrade() -> None:
    _change("ix_executions_run_at", "ix_executions_due", ["status", "run_at", "handed_at"])


def _change(old: str, new: str, columns: list[str]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.create_index(new, "executions", columns, postgresql_where=sa.text(_IS_PLANNED))
        op.drop_index(old, "executions")
