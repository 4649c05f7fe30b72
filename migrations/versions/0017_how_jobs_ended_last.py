"""How jobs ended last, and the indexes of more filters"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

#: Table, columns and condition by the name of the index.
_INDEXES = {
    "ix_jobs_last_result": ("jobs", ("last_result", "scheduled_at"), "last_result IS NOT NULL"),
    "ix_jobs_last_ended_at": ("jobs", ("last_ended_at",), "last_ended_at IS NOT NULL"),
    "ix_jobs_resting": ("jobs", ("scheduled_at",), "status = 'paused' OR NOT enabled"),
    "ix_jobs_queue": ("jobs", ("queue", "scheduled_at"), "queue <> 'default'"),
    "ix_jobs_urgency": ("jobs", ("priority", "scheduled_at"), "priority <> 5"),
    "ix_executions_worker": (
        "executions",
        ("worker", "started_at"),
        "worker IS NOT NULL AND started_at IS NOT NULL",
    ),
    "ix_executions_queue": ("executions", ("queue", "started_at"), "queue <> 'default'"),
    "ix_executions_error_code": (
        "executions",
        ("error_code", "started_at"),
        "error_code IS NOT NULL",
    ),
}
#: From the newest end that is still there; what was removed by retention nobody knows.
_FILL = """
UPDATE jobs SET
    last_result = ended.result,
    last_ended_at = ended.completed_at
FROM (
    SELECT executions.job_id, executions.completed_at,
        CASE executions.status WHEN 'completed' THEN 'completed'
            WHEN 'cancelled' THEN 'cancelled' ELSE 'failed' END AS result,
        row_number() OVER (
            PARTITION BY executions.job_id ORDER BY executions.completed_at DESC, executions.id DESC
        ) AS place
    FROM executions
    WHERE executions.completed_at IS NOT NULL AND executions.status <> 'skipped'
) AS ended
WHERE ended.job_id = jobs.id AND ended.place = 1
"""


def upgrade() -> None:
    op.add_column("jobs", sa.Column("last_result", sa.String(length=16), nullable=True))
    op.add_column("jobs", sa.Column("last_ended_at", UtcDateTime(), nullable=True))
    op.execute(_FILL)
    for name, (table, columns, text) in _INDEXES.items():
        where = sa.text(text)
        op.create_index(name, table, [*columns, "id"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table)
    op.drop_column("jobs", "last_ended_at")
    op.drop_column("jobs", "last_result")
