"""The chain of the audit log; output removed on purpose"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime
from migrations import guards, seeds

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_ID = sa.String(length=32)
_EXECUTIONS: tuple[sa.Column[Any], ...] = (
    sa.Column("output_purged_at", UtcDateTime(), nullable=True),
    sa.Column("output_purged_by", sa.Text(), nullable=True),
)


def upgrade() -> None:
    op.add_column("audit_log", sa.Column("project_id", _ID, nullable=True))
    op.create_table(
        "audit_chain",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("anchor_sequence", sa.BigInteger(), nullable=False),
        sa.Column("anchor_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_chain")),
    )
    for column in _EXECUTIONS:
        op.add_column("executions", column)
    seeds.plant_chain(op.get_bind())
    _run(guards.CREATE)


def downgrade() -> None:
    _run(guards.DROP)
    for column in reversed(_EXECUTIONS):
        op.drop_column("executions", column.name)
    op.drop_table("audit_chain")
    op.drop_column("audit_log", "project_id")


def _run(statements: dict[str, list[str]]) -> None:
    for statement in statements[op.get_bind().dialect.name]:
        op.execute(statement)
