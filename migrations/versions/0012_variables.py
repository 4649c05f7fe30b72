"""Variables of the installation, of projects and of jobs"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.String(length=32)
_OWNERS = {"global": [], "project": ["project_id"], "job": ["job_id"]}


def upgrade() -> None:
    op.create_table(
        "variables",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("project_id", _ID, nullable=True),
        sa.Column("job_id", _ID, nullable=True),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{owner}_id"],
                [f"{owner}s.id"],
                name=op.f(f"fk_variables_{owner}_id"),
                ondelete="CASCADE",
            )
            for owner in ("project", "job")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variables")),
    )
    op.create_index("ix_variables_name", "variables", ["name", "id"])
    for scope, columns in _OWNERS.items():
        where = sa.text(f"scope = '{scope}'")
        op.create_index(
            f"uq_variables_{scope}",
            "variables",
            [*columns, "name"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )


def downgrade() -> None:
    op.drop_table("variables")
