"""Indexes of lists hold what lists are narrowed to besides; leases are looked for among owners"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

#: Name, table, columns, the column that is new in it, and of which rows it is.
_WIDENED = (
    ("ix_executions_status", "executions", ("status", "started_at", "id"), "job_id", None),
    (
        "ix_executions_origin",
        "executions",
        ("origin", "started_at", "id"),
        "status",
        "origin NOT IN ('api', 'schedule')",
    ),
    (
        "ix_executions_error_code",
        "executions",
        ("error_code", "started_at", "id"),
        "worker",
        "error_code IS NOT NULL",
    ),
    ("ix_jobs_status", "jobs", ("status", "scheduled_at", "id"), "project_id", None),
)
_STARTED = "status IN ('running', 'cancelling')"


def upgrade() -> None:
    for name, table, columns, more, where in _WIDENED:
        op.drop_index(name, table)
        _create(name, table, (*columns, more), where)
    op.drop_index("ix_executions_lease", "executions")


def downgrade() -> None:
    _create("ix_executions_lease", "executions", ("lease_until",), _STARTED)
    for name, table, columns, _, where in _WIDENED:
        op.drop_index(name, table)
        _create(name, table, columns, where)


def _create(name: str, table: str, columns: tuple[str, ...], where: str | None) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, list(columns), sqlite_where=only, postgresql_where=only)
