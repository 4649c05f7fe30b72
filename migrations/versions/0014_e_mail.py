"""E-mails, rows of failures, and whom jobs write to"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.String(length=32)
_PENDING = sa.text("status = 'pending'")
_ENDED = sa.text("status <> 'pending'")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("notify_emails", sa.Text(), nullable=True))
    wish = sa.Column("notify_on", sa.String(8), server_default="failure", nullable=False)
    op.add_column("jobs", wish)
    op.create_table(
        "job_streaks",
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("is_alarmed", sa.Boolean(), nullable=False),
        sa.Column("alarmed_at", UtcDateTime(), nullable=True),
        sa.Column("mailed_at", UtcDateTime(), nullable=True),
        sa.Column("left_out", sa.Integer(), nullable=False),
        _owned_by("job_streaks", "job"),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job_streaks")),
    )
    _create_emails()


def downgrade() -> None:
    op.drop_table("emails")
    op.drop_table("job_streaks")
    op.drop_column("jobs", "notify_on")
    op.drop_column("jobs", "notify_emails")


def _create_emails() -> None:
    op.create_table(
        "emails",
        sa.Column("id", _ID, nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("job_id", _ID, nullable=False),
        sa.Column("execution_id", _ID, nullable=False),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_retry_at", UtcDateTime(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("give_up_at", UtcDateTime(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        _owned_by("emails", "job"),
        _owned_by("emails", "execution"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emails")),
    )
    op.create_index("ix_emails_created_at", "emails", ["created_at", "id"])
    op.create_index("ix_emails_status", "emails", ["status", "created_at", "id"])
    op.create_index("ix_emails_job_id", "emails", ["job_id", "created_at", "id"])
    op.create_index("ix_emails_execution_id", "emails", ["execution_id"])
    _partial("ix_emails_due", ["next_retry_at", "created_at"], _PENDING)
    _partial("ix_emails_ended_at", ["ended_at"], _ENDED)


def _owned_by(table: str, owner: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{owner}_id")
    return sa.ForeignKeyConstraint([f"{owner}_id"], [f"{owner}s.id"], name=name, ondelete="CASCADE")


def _partial(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "emails", columns, sqlite_where=where, postgresql_where=where)
