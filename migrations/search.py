"""An index for "contains" searches in the names of jobs.

SQLite: an FTS5 table of trigrams, kept by triggers; job_search_ids gives each job the number
that FTS5 wants. PostgreSQL: a trigram index where the extension pg_trgm can be created;
without it the search reads the names one by one and stays correct.
"""

import sqlalchemy as sa

_SQLITE = [
    "CREATE TABLE job_search_ids (number INTEGER PRIMARY KEY, job_id VARCHAR(32) UNIQUE NOT NULL)",
    "CREATE VIRTUAL TABLE job_search USING fts5(name, tokenize='trigram')",
    "CREATE TRIGGER job_search_insert AFTER INSERT ON jobs BEGIN"
    " INSERT INTO job_search_ids (job_id) VALUES (new.id);"
    " INSERT INTO job_search (rowid, name) VALUES"
    " ((SELECT number FROM job_search_ids WHERE job_id = new.id), new.name);"
    " END",
    "CREATE TRIGGER job_search_update AFTER UPDATE OF name ON jobs"
    " WHEN old.name <> new.name BEGIN"
    " UPDATE job_search SET name = new.name"
    " WHERE rowid = (SELECT number FROM job_search_ids WHERE job_id = new.id);"
    " END",
    "CREATE TRIGGER job_search_delete AFTER DELETE ON jobs BEGIN"
    " DELETE FROM job_search"
    " WHERE rowid = (SELECT number FROM job_search_ids WHERE job_id = old.id);"
    " DELETE FROM job_search_ids WHERE job_id = old.id;"
    " END",
]

DROP = {
    "sqlite": [
        "DROP TRIGGER job_search_insert",
        "DROP TRIGGER job_search_update",
        "DROP TRIGGER job_search_delete",
        "DROP TABLE job_search",
        "DROP TABLE job_search_ids",
    ],
    "postgresql": ["DROP INDEX IF EXISTS ix_jobs_name_trigrams"],
}


def create(connection: sa.Connection) -> None:
    """Make the index."""
    if connection.dialect.name == "sqlite":
        for statement in _SQLITE:
            connection.exec_driver_sql(statement)
        return
    try:
        with connection.begin_nested():
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            connection.exec_driver_sql(
                "CREATE INDEX ix_jobs_name_trigrams ON jobs USING gin (name gin_trgm_ops)"
            )
    except sa.exc.DBAPIError:
        return  # no right to create the extension: search works without it, only slower
