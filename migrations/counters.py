"""Triggers that count jobs and executions by project and status into the table tallies.

Counted by the database itself the totals can't drift, whichever way rows come and go. On
PostgreSQL each backend counts into a stripe of its own, so that writers never wait here.
"""

_TABLES = ("jobs", "executions")


def _sqlite(table: str) -> list[str]:
    def count(row: str, amount: int) -> str:
        return (
            "INSERT INTO tallies (family, key, stripe, value)"
            f" VALUES ('{table}', {row}.project_id || ':' || {row}.status, 'base', {amount})"
            " ON CONFLICT (family, key, stripe) DO UPDATE SET value = value + excluded.value;"
        )

    return [
        f"CREATE TRIGGER count_{table}_insert AFTER INSERT ON {table} BEGIN {count('new', 1)} END",
        f"CREATE TRIGGER count_{table}_delete AFTER DELETE ON {table} BEGIN {count('old', -1)} END",
        f"CREATE TRIGGER count_{table}_update AFTER UPDATE OF status, project_id ON {table}"
        " WHEN old.status <> new.status OR old.project_id <> new.project_id"
        f" BEGIN {count('old', -1)} {count('new', 1)} END",
    ]


#: How a statement changed the counts, by the kind of statement.
_CHANGES = {
    "insert": "SELECT project_id, status, 1 AS n FROM new_rows",
    "delete": "SELECT project_id, status, -1 AS n FROM old_rows",
    "update": (
        "SELECT project_id, status, -1 AS n FROM old_rows"
        " UNION ALL SELECT project_id, status, 1 FROM new_rows"
    ),
}
_TRANSITIONS = {
    "insert": "NEW TABLE AS new_rows",
    "delete": "OLD TABLE AS old_rows",
    "update": "OLD TABLE AS old_rows NEW TABLE AS new_rows",
}


def _function(what: str) -> str:
    return f"""
CREATE FUNCTION count_{what}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies (family, key, stripe, value)
    SELECT TG_TABLE_NAME, project_id || ':' || status, 'db-' || pg_backend_pid(), sum(n)
    FROM ({_CHANGES[what]}) AS changes
    GROUP BY project_id, status HAVING sum(n) <> 0
    ORDER BY 2
    ON CONFLICT (family, key, stripe) DO UPDATE SET value = tallies.value + excluded.value;
    RETURN NULL;
END $$
"""


def _postgresql(table: str) -> list[str]:
    """Count a statement at a time: a row at a time would be quadratic in a large transaction."""
    return [
        f"CREATE TRIGGER count_{table}_{what} AFTER {what.upper()} ON {table}"
        f" REFERENCING {_TRANSITIONS[what]}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION count_{what}()"
        for what in _CHANGES
    ]


CREATE = {
    "sqlite": [s for table in _TABLES for s in _sqlite(table)],
    "postgresql": [
        *(_function(what) for what in _CHANGES),
        *(s for table in _TABLES for s in _postgresql(table)),
    ],
}
DROP = {
    "sqlite": [
        f"DROP TRIGGER count_{table}_{what}"
        for table in _TABLES
        for what in ("insert", "delete", "update")
    ],
    "postgresql": [
        *(f"DROP TRIGGER count_{t}_{what} ON {t}" for t in _TABLES for what in _CHANGES),
        *(f"DROP FUNCTION count_{what}()" for what in _CHANGES),
    ],
}
