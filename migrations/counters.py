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


_FUNCTION = """
CREATE FUNCTION count_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO tallies (family, key, stripe, value)
        VALUES (TG_TABLE_NAME, OLD.project_id || ':' || OLD.status,
                'db-' || pg_backend_pid(), -1)
        ON CONFLICT (family, key, stripe) DO UPDATE SET value = tallies.value - 1;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tallies (family, key, stripe, value)
        VALUES (TG_TABLE_NAME, NEW.project_id || ':' || NEW.status,
                'db-' || pg_backend_pid(), 1)
        ON CONFLICT (family, key, stripe) DO UPDATE SET value = tallies.value + 1;
    END IF;
    RETURN NULL;
END $$
"""


def _postgresql(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER count_{table}_rows AFTER INSERT OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION count_rows()",
        f"CREATE TRIGGER count_{table}_moves AFTER UPDATE OF status, project_id ON {table}"
        " FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.project_id <> NEW.project_id)"
        " EXECUTE FUNCTION count_rows()",
    ]


CREATE = {
    "sqlite": [s for table in _TABLES for s in _sqlite(table)],
    "postgresql": [_FUNCTION, *(s for table in _TABLES for s in _postgresql(table))],
}
DROP = {
    "sqlite": [
        f"DROP TRIGGER count_{table}_{what}"
        for table in _TABLES
        for what in ("insert", "delete", "update")
    ],
    "postgresql": [
        *(f"DROP TRIGGER count_{t}_{w} ON {t}" for t in _TABLES for w in ("rows", "moves")),
        "DROP FUNCTION count_rows()",
    ],
}
