"""Retries and dead letters"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DEAD = sa.text("fingerprint IS NOT NULL AND discarded_at IS NULL AND replayed_by IS NULL")
#: Of "3 workers died while running it", the one way to be buried until now.
_POISON = "253f610dc48e01adc3b82d6ddc35f851"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("retry", sa.Text(), nullable=True))
    op.add_column(
        "executions",
        sa.Column("retries", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("executions", sa.Column("fingerprint", sa.String(length=32), nullable=True))
    op.add_column("executions", sa.Column("discarded_at", UtcDateTime(), nullable=True))
    op.add_column("executions", sa.Column("replay_of", sa.String(length=32), nullable=True))
    op.add_column("executions", sa.Column("replayed_by", sa.String(length=32), nullable=True))
    executions = sa.table("executions", sa.column("status"), sa.column("fingerprint"))
    buried = executions.c.status == "dead_letter"
    op.execute(sa.update(executions).where(buried).values(fingerprint=_POISON))
    _index("ix_executions_dead", ["completed_at", "id"])
    _index("ix_executions_fingerprint", ["fingerprint", "completed_at", "id"])


def _index(name: str, columns: list[str]) -> None:
    op.create_index(name, "executions", columns, sqlite_where=_DEAD, postgresql_where=_DEAD)


def downgrade() -> None:
    op.drop_index("ix_executions_fingerprint", table_name="executions")
    op.drop_index("ix_executions_dead", table_name="executions")
    for column in ("replayed_by", "replay_of", "discarded_at", "fingerprint", "retries"):
        op.drop_column("executions", column)
    op.drop_column("jobs", "retry")
