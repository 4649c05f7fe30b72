"""Chains, their runs, and the executions of their links"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_CLAIMABLE = "status = 'queued' AND blocked_on IS NULL"
_NO_LINK = " AND chain_run_id IS NULL"


def upgrade() -> None:
    _add_chains()
    _add_runs()
    op.add_column("executions", sa.Column("chain_run_id", sa.String(length=32), nullable=True))
    op.add_column("executions", sa.Column("link_index", sa.Integer(), nullable=True))
    _renew_claim_indexes(_CLAIMABLE + _NO_LINK)
    _partial(
        "ix_executions_link_waits",
        ["status", "queued_at"],
        f"{_CLAIMABLE} AND chain_run_id IS NOT NULL",
    )
    _partial(
        "ix_executions_chain_run_id",
        ["chain_run_id", "link_index", "id"],
        "chain_run_id IS NOT NULL",
    )
    _partial(
        "uq_executions_chain_run_id",
        ["chain_run_id"],
        "chain_run_id IS NOT NULL AND status IN ('scheduled', 'queued', 'running', 'cancelling')",
        unique=True,
    )


def downgrade() -> None:
    for name in (
        "uq_executions_chain_run_id",
        "ix_executions_chain_run_id",
        "ix_executions_link_waits",
    ):
        op.drop_index(name, table_name="executions")
    _renew_claim_indexes(_CLAIMABLE)
    op.drop_column("executions", "link_index")
    op.drop_column("executions", "chain_run_id")
    op.drop_table("chain_runs")
    op.drop_table("chain_links")
    op.drop_table("chains")


def _add_chains() -> None:
    op.create_table(
        "chains",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_chains_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chains")),
    )
    op.create_index("ix_chains_name", "chains", ["name", "id"])
    op.create_index("ix_chains_project_id", "chains", ["project_id"])
    op.create_table(
        "chain_links",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("chain_id", sa.String(length=32), nullable=False),
        sa.Column("sequence_order", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("stop_on_failure", sa.Boolean(), nullable=False),
        sa.Column("run_if", sa.String(length=8), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["chains.id"], name=op.f("fk_chain_links_chain_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_chain_links_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_links")),
    )
    op.create_index("ix_chain_links_job_id", "chain_links", ["job_id"])
    op.create_index(
        "uq_chain_links_sequence_order", "chain_links", ["chain_id", "sequence_order"], unique=True
    )


def _add_runs() -> None:
    op.create_table(
        "chain_runs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("chain_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("current_index", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("advanced_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["chains.id"], name=op.f("fk_chain_runs_chain_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_runs")),
    )
    op.create_index("uq_chain_runs_number", "chain_runs", ["chain_id", "number"], unique=True)
    op.create_index("ix_chain_runs_completed_at", "chain_runs", ["completed_at"])
    for name, columns, condition, unique in (
        ("uq_chain_runs_moment", ["chain_id", "due_at"], "origin = 'schedule'", True),
        ("ix_chain_runs_under_way", ["advanced_at"], "status IN ('running', 'cancelling')", False),
    ):
        where = sa.text(condition)
        op.create_index(
            name, "chain_runs", columns, unique=unique, sqlite_where=where, postgresql_where=where
        )


def _renew_claim_indexes(condition: str) -> None:
    for name in ("ix_executions_claim", "ix_executions_oldest"):
        op.drop_index(name, table_name="executions")
    _partial(
        "ix_executions_claim",
        [
            "queue",
            sa.text("priority DESC"),
            sa.text("coalesce(turn_at, run_at)"),
            "created_at",
            "id",
        ],
        condition,
    )
    _partial("ix_executions_oldest", ["run_at"], f"{condition} AND priority > 0")


def _partial(
    name: str, columns: list[str | sa.TextClause], condition: str, *, unique: bool = False
) -> None:
    where = sa.text(condition)
    op.create_index(
        name, "executions", columns, unique=unique, sqlite_where=where, postgresql_where=where
    )
