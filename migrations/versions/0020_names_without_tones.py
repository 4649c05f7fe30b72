"""Names of jobs are found without their tones; disabled jobs are counted by an index"""

import sqlalchemy as sa
from alembic import op

from migrations import folding

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ROW = "(SELECT number FROM job_search_ids WHERE job_id = new.id)"
_DISABLED = sa.text("NOT enabled")
_TONED = "name GLOB '*[^ -~]*'"


def upgrade() -> None:
    op.create_index(
        "ix_jobs_disabled",
        "jobs",
        ["project_id"],
        sqlite_where=_DISABLED,
        postgresql_where=_DISABLED,
    )
    if op.get_bind().dialect.name == "sqlite":
        _index_on_sqlite(folding.on_sqlite("new.name"), folding.on_sqlite("jobs.name"))
    else:
        _index_on_postgresql(folding.on_postgresql("name"))


def downgrade() -> None:
    op.drop_index("ix_jobs_disabled", "jobs")
    if op.get_bind().dialect.name == "sqlite":
        _index_on_sqlite("new.name", "jobs.name")
    else:
        _index_on_postgresql("name")


def _index_on_sqlite(of_new: str, of_row: str) -> None:
    for name in ("job_search_insert", "job_search_update"):
        op.execute(f"DROP TRIGGER {name}")
    _run(
        "CREATE TRIGGER job_search_insert AFTER INSERT ON jobs BEGIN"
        " INSERT INTO job_search_ids (job_id) VALUES (new.id);"
        f" INSERT INTO job_search (rowid, name) VALUES ({_ROW}, {of_new});"
        " END"
    )
    _run(
        "CREATE TRIGGER job_search_update AFTER UPDATE OF name ON jobs"
        " WHEN old.name <> new.name BEGIN"
        f" UPDATE job_search SET name = {of_new} WHERE rowid = {_ROW};"
        " END"
    )
    _run(
        f"UPDATE job_search SET name = (SELECT {of_row} FROM jobs JOIN job_search_ids"
        " ON job_search_ids.job_id = jobs.id WHERE job_search_ids.number = job_search.rowid)"
        " WHERE rowid IN (SELECT number FROM job_search_ids JOIN jobs"
        f" ON jobs.id = job_search_ids.job_id WHERE jobs.{_TONED})"
    )


def _index_on_postgresql(expression: str) -> None:
    """Make the index anew where there is one: the extension may not be there."""
    _run(
        "DO $$ BEGIN IF to_regclass('ix_jobs_name_trigrams') IS NOT NULL THEN"
        " DROP INDEX ix_jobs_name_trigrams;"
        " CREATE INDEX ix_jobs_name_trigrams ON jobs"
        f" USING gin (({expression}) gin_trgm_ops);"
        " END IF; END $$"
    )


def _run(statement: str) -> None:
    op.get_bind().exec_driver_sql(statement)
