"""Indexes of ends hold only rows that have one; the row that waits longest has its own"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

#: Name, columns and condition of each index: as it was, and as it is.
_WAITS = "status = 'queued' AND blocked_on IS NULL AND chain_run_id IS NULL AND priority > 0"
_CHANGED = (
    ("ix_executions_oldest", (["run_at"], _WAITS), (["status", "run_at"], _WAITS)),
    (
        "ix_executions_completed_at",
        (["completed_at"], None),
        (["completed_at"], "completed_at IS NOT NULL"),
    ),
    (
        "ix_executions_duration_ms",
        (["duration_ms", "id"], None),
        (["duration_ms", "id"], "duration_ms IS NOT NULL"),
    ),
)


def upgrade() -> None:
    for name, _, (columns, where) in _CHANGED:
        _change(name, columns, where)


def downgrade() -> None:
    for name, (columns, where), _ in _CHANGED:
        _change(name, columns, where)


def _change(name: str, columns: list[str], where: str | None) -> None:
    only = None if where is None else sa.text(where)
    op.drop_index(name, "executions")
    op.create_index(name, "executions", columns, sqlite_where=only, postgresql_where=only)
