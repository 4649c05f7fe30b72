"""The first schema"""

import sqlalchemy as sa
from alembic import op

from app.db import UtcDateTime
from migrations import counters, search, seeds

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(
        "ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False
    )

    op.create_table(
        "installation",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("oldest_release", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("icon", sa.Text(), nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
    )
    op.create_table(
        "queues",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queues")),
    )
    op.create_table(
        "system_config",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_system_config")),
    )
    op.create_table(
        "tags",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("name", name=op.f("uq_tags_name")),
    )
    op.create_table(
        "tallies",
        sa.Column("family", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("stripe", sa.String(length=80), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("family", "key", "stripe", name=op.f("pk_tallies")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("host_key", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("pool", sa.Text(), nullable=False),
        sa.Column("queues", sa.Text(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=False),
        sa.Column("consumed_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=True),
        sa.Column("on_lost", sa.String(length=8), nullable=False),
        sa.Column("overlap", sa.String(length=16), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("keep_last", sa.Integer(), nullable=True),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("fired_until", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_jobs_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("external_id", name=op.f("uq_jobs_external_id")),
    )
    op.create_index("ix_jobs_created_at", "jobs", ["created_at", "id"], unique=False)
    op.create_index("ix_jobs_name", "jobs", ["name", "id"], unique=False)
    op.create_index("ix_jobs_priority", "jobs", ["priority", "id"], unique=False)
    op.create_index(
        "ix_jobs_project_id", "jobs", ["project_id", "scheduled_at", "id"], unique=False
    )
    op.create_index("ix_jobs_scheduled_at", "jobs", ["scheduled_at", "id"], unique=False)
    op.create_index("ix_jobs_status", "jobs", ["status", "scheduled_at", "id"], unique=False)
    op.create_index("ix_jobs_type", "jobs", ["type", "scheduled_at", "id"], unique=False)

    op.create_table(
        "executions",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("root_execution_id", sa.String(length=32), nullable=False),
        sa.Column("parent_execution_id", sa.String(length=32), nullable=True),
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("job_version", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("parameters", sa.Text(), nullable=True),
        sa.Column("on_lost", sa.String(length=8), nullable=False),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.Column("exclusive_key", sa.Text(), nullable=True),
        sa.Column("blocked_on", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=False),
        sa.Column("handed_at", UtcDateTime(), nullable=True),
        sa.Column("queued_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.Column("duration_ms", sa.BigInteger(), nullable=True),
        sa.Column("lateness_ms", sa.BigInteger(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("output_tail", sa.Text(), nullable=True),
        sa.Column("output_truncated", sa.Boolean(), nullable=False),
        sa.Column("cpu_seconds", sa.Float(), nullable=True),
        sa.Column("max_rss_bytes", sa.BigInteger(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("cancel_forced", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_executions_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_executions")),
    )
    op.create_index(
        "ix_executions_active",
        "executions",
        ["job_id", "status"],
        unique=False,
        sqlite_where=sa.text("status IN ('scheduled', 'queued', 'running', 'cancelling')"),
        postgresql_where=sa.text("status IN ('scheduled', 'queued', 'running', 'cancelling')"),
    )
    op.create_index(
        "ix_executions_blocked",
        "executions",
        ["blocked_on", "run_at"],
        unique=False,
        sqlite_where=sa.text("blocked_on IS NOT NULL"),
        postgresql_where=sa.text("blocked_on IS NOT NULL"),
    )
    op.create_index("ix_executions_completed_at", "executions", ["completed_at"], unique=False)
    op.create_index(
        "ix_executions_due",
        "executions",
        ["status", "run_at", "handed_at"],
        unique=False,
        sqlite_where=sa.text("status = 'scheduled' AND blocked_on IS NULL"),
        postgresql_where=sa.text("status = 'scheduled' AND blocked_on IS NULL"),
    )
    op.create_index("ix_executions_duration_ms", "executions", ["duration_ms", "id"], unique=False)
    op.create_index(
        "ix_executions_job_id", "executions", ["job_id", "started_at", "id"], unique=False
    )
    op.create_index(
        "ix_executions_lease",
        "executions",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("status IN ('running', 'cancelling')"),
        postgresql_where=sa.text("status IN ('running', 'cancelling')"),
    )
    op.create_index(
        "ix_executions_oldest",
        "executions",
        ["run_at"],
        unique=False,
        sqlite_where=sa.text("status = 'queued' AND blocked_on IS NULL AND priority > 0"),
        postgresql_where=sa.text("status = 'queued' AND blocked_on IS NULL AND priority > 0"),
    )
    op.create_index(
        "ix_executions_origin",
        "executions",
        ["origin", "started_at", "id"],
        unique=False,
        sqlite_where=sa.text("origin NOT IN ('api', 'schedule')"),
        postgresql_where=sa.text("origin NOT IN ('api', 'schedule')"),
    )
    op.create_index(
        "ix_executions_owner",
        "executions",
        ["worker", "slot"],
        unique=False,
        sqlite_where=sa.text("status IN ('running', 'cancelling')"),
        postgresql_where=sa.text("status IN ('running', 'cancelling')"),
    )
    op.create_index(
        "ix_executions_project_id", "executions", ["project_id", "started_at", "id"], unique=False
    )
    op.create_index("ix_executions_started_at", "executions", ["started_at", "id"], unique=False)
    op.create_index(
        "ix_executions_status", "executions", ["status", "started_at", "id"], unique=False
    )
    op.create_index(
        "ix_executions_unstarted",
        "executions",
        ["project_id"],
        unique=False,
        sqlite_where=sa.text("status = 'cancelled' AND started_at IS NULL"),
        postgresql_where=sa.text("status = 'cancelled' AND started_at IS NULL"),
    )
    op.create_index(
        "uq_executions_exclusive_key",
        "executions",
        ["exclusive_key"],
        unique=True,
        sqlite_where=sa.text("status IN ('running', 'cancelling')"),
        postgresql_where=sa.text("status IN ('running', 'cancelling')"),
    )
    op.create_index(
        "uq_executions_moment",
        "executions",
        ["job_id", "due_at", "attempt"],
        unique=True,
        sqlite_where=sa.text("origin = 'schedule'"),
        postgresql_where=sa.text("origin = 'schedule'"),
    )
    op.create_index("uq_executions_number", "executions", ["job_id", "number"], unique=True)
    op.create_index(
        "uq_executions_parent",
        "executions",
        ["parent_execution_id"],
        unique=True,
        sqlite_where=sa.text("parent_execution_id IS NOT NULL"),
        postgresql_where=sa.text("parent_execution_id IS NOT NULL"),
    )

    op.create_table(
        "job_tags",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("tag_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_tags_job_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name=op.f("fk_job_tags_tag_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "tag_id", name=op.f("pk_job_tags")),
    )
    op.create_index("ix_job_tags_tag_id", "job_tags", ["tag_id"], unique=False)

    op.create_table(
        "job_versions",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_versions_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "version", name=op.f("pk_job_versions")),
    )
    op.create_table(
        "execution_logs",
        sa.Column("execution_id", sa.String(length=32), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("logged_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["execution_id"],
            ["executions.id"],
            name=op.f("fk_execution_logs_execution_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("execution_id", "first_number", name=op.f("pk_execution_logs")),
    )
    op.execute(
        "CREATE INDEX ix_executions_claim ON executions"
        " (queue, priority DESC, run_at, created_at, id)"
        " WHERE status = 'queued' AND blocked_on IS NULL"
    )
    dialect = op.get_bind().dialect.name
    for statement in counters.CREATE[dialect]:
        op.execute(statement)
    search.create(op.get_bind())
    seeds.plant(op.get_bind())


def downgrade() -> None:
    dialect = op.get_bind().dialect.name
    for statement in (*search.DROP[dialect], *counters.DROP[dialect]):
        op.execute(statement)
    for table in (
        "execution_logs",
        "job_tags",
        "job_versions",
        "executions",
        "jobs",
        "workers",
        "tallies",
        "tags",
        "system_config",
        "queues",
        "projects",
        "leases",
        "installation",
        "idempotency_keys",
    ):
        op.drop_table(table)
