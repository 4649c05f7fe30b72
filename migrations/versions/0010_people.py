"""People: users, roles, sessions, owners of keys; the audit log"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime
from migrations import seeds

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.String(length=32)
_OF_PEOPLE = (("jobs", "created_by"), ("executions", "actor"))
_API_KEYS: tuple[sa.Column[Any], ...] = (
    sa.Column("owner_id", _ID, nullable=True),
    sa.Column("project_id", _ID, nullable=True),
    sa.Column("addresses", sa.Text(), server_default="", nullable=False),
)


def upgrade() -> None:
    _create_users()
    _create_roles()
    _create_sessions()
    _create_audit_log()
    for of_keys in _API_KEYS:
        op.add_column("api_keys", of_keys)
    op.create_index("ix_api_keys_owner_id", "api_keys", ["owner_id"])
    op.create_index("ix_api_keys_project_id", "api_keys", ["project_id"])
    op.add_column("installation", sa.Column("key_check", sa.Text(), nullable=True))
    op.add_column("chains", sa.Column("created_by", sa.Text(), nullable=True))
    for table, column in _OF_PEOPLE:
        _partial(f"ix_{table}_{column}", table, [column, "id"], f"{column} LIKE 'user:%'")
    seeds.plant_roles(op.get_bind())


def downgrade() -> None:
    for table, column in _OF_PEOPLE:
        op.drop_index(f"ix_{table}_{column}", table)
    op.drop_column("chains", "created_by")
    op.drop_column("installation", "key_check")
    op.drop_index("ix_api_keys_project_id", "api_keys")
    op.drop_index("ix_api_keys_owner_id", "api_keys")
    for of_keys in reversed(_API_KEYS):
        op.drop_column("api_keys", of_keys.name)
    for table in ("audit_log", "user_sessions", "user_roles", "project_members", "roles", "users"):
        op.drop_table(table)


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("must_change_password", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("last_login_at", UtcDateTime(), nullable=True),
        sa.Column("deleted_at", UtcDateTime(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_users_issuer")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_index("ix_users_created_at", "users", ["created_at", "id"])
    op.create_index("ix_users_email", "users", ["email"])
    _create_link("project_members", "project", "user")


def _create_roles() -> None:
    op.create_table(
        "roles",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.Column("sees_all", sa.Boolean(), nullable=False),
        sa.Column("is_built_in", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("name", name=op.f("uq_roles_name")),
    )
    _create_link("user_roles", "user", "role")


def _create_link(name: str, one: str, other: str) -> None:
    """Make a table that joins two others; the second column has an index of its own."""
    ends = [f"{one}_id", f"{other}_id"]
    op.create_table(
        name,
        *(sa.Column(column, _ID, nullable=False) for column in ends),
        *(
            sa.ForeignKeyConstraint(
                [f"{end}_id"], [f"{end}s.id"], name=op.f(f"fk_{name}_{end}_id"), ondelete="CASCADE"
            )
            for end in (one, other)
        ),
        sa.PrimaryKeyConstraint(*ends, name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_{other}_id"), name, [f"{other}_id"])


def _create_sessions() -> None:
    op.create_table(
        "user_sessions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("refresh_hash", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_user_sessions_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_sessions")),
    )
    op.create_index("ix_user_sessions_expires_at", "user_sessions", ["expires_at"])
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id", "created_at"])


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", _ID, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("key_id", _ID, nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=8), nullable=False),
        sa.Column("target_kind", sa.Text(), nullable=True),
        sa.Column("target_id", sa.Text(), nullable=True),
        sa.Column("target_name", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("trace_id", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.UniqueConstraint("sequence", name=op.f("uq_audit_log_sequence")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at", "id"])
    op.create_index("ix_audit_log_actor", "audit_log", ["actor", "at", "id"])
    op.create_index("ix_audit_log_target_id", "audit_log", ["target_id", "at", "id"])
    _partial("ix_audit_log_unsealed", "audit_log", ["id"], "sequence IS NULL")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
