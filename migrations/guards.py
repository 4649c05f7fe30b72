"""Triggers that keep the audit log append-only.

A row comes unsealed, is sealed once, and goes only when it is at or before the anchor of the
chain, which moves forward alone. Who owns the database can drop the triggers; the chain of hashes
shows what was done then.
"""

_COLUMNS = (
    *("id", "at", "actor", "user_id", "key_id", "address", "action", "result"),
    *("target_kind", "target_id", "target_name", "project_id", "detail", "trace_id"),
)
_SAID = "the audit log is append-only"
_SEALS = (
    "old.sequence IS NULL AND old.hash IS NULL"
    " AND new.sequence IS NOT NULL AND new.hash IS NOT NULL"
)
_MOVES_ON = (
    "new.id = old.id AND new.sequence >= old.sequence"
    " AND new.anchor_sequence >= old.anchor_sequence AND new.anchor_sequence <= new.sequence"
)
_KEPT = "coalesce((SELECT anchor_sequence FROM audit_chain), 0)"


def _sqlite(name: str, event: str, table: str, refused: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {refused}"
        f" BEGIN SELECT RAISE(ABORT, '{_SAID}'); END"
    )


def _same(operator: str) -> str:
    return " AND ".join(f"new.{name} {operator} old.{name}" for name in _COLUMNS)


def _postgresql(name: str, event: str, table: str, when: str = "") -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} ON {table}"
        f" FOR EACH {'STATEMENT' if event == 'TRUNCATE' else 'ROW'}"
        f" {when} EXECUTE FUNCTION refuse_audit_change()"
    )


_FUNCTION = f"""
CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'audit_log' AND TG_OP = 'DELETE' THEN
        IF old.sequence <= {_KEPT} THEN
            RETURN old;
        END IF;
    END IF;
    RAISE EXCEPTION '{_SAID}';
END $$
"""
_TABLES = {
    "audit_log_insert": "audit_log",
    "audit_log_update": "audit_log",
    "audit_log_delete": "audit_log",
    "audit_chain_update": "audit_chain",
    "audit_chain_delete": "audit_chain",
}
_TRUNCATED = {"audit_log_truncate": "audit_log", "audit_chain_truncate": "audit_chain"}

CREATE = {
    "sqlite": [
        _sqlite(
            "audit_log_insert",
            "INSERT",
            "audit_log",
            "new.sequence IS NOT NULL OR EXISTS (SELECT 1 FROM audit_log WHERE id = new.id)",
        ),
        _sqlite("audit_log_update", "UPDATE", "audit_log", f"NOT ({_SEALS} AND {_same('IS')})"),
        _sqlite(
            "audit_log_delete",
            "DELETE",
            "audit_log",
            f"old.sequence IS NULL OR old.sequence > {_KEPT}",
        ),
        _sqlite("audit_chain_update", "UPDATE", "audit_chain", f"NOT ({_MOVES_ON})"),
        _sqlite("audit_chain_delete", "DELETE", "audit_chain", "true"),
    ],
    "postgresql": [
        _FUNCTION,
        _postgresql("audit_log_insert", "INSERT", "audit_log", "WHEN (new.sequence IS NOT NULL)"),
        _postgresql(
            "audit_log_update",
            "UPDATE",
            "audit_log",
            f"WHEN (NOT ({_SEALS} AND {_same('IS NOT DISTINCT FROM')}))",
        ),
        _postgresql("audit_log_delete", "DELETE", "audit_log"),
        _postgresql("audit_chain_update", "UPDATE", "audit_chain", f"WHEN (NOT ({_MOVES_ON}))"),
        _postgresql("audit_chain_delete", "DELETE", "audit_chain"),
        *(_postgresql(name, "TRUNCATE", table) for name, table in _TRUNCATED.items()),
    ],
}
DROP = {
    "sqlite": [f"DROP TRIGGER {name}" for name in _TABLES],
    "postgresql": [
        *(f"DROP TRIGGER {name} ON {table}" for name, table in (_TABLES | _TRUNCATED).items()),
        "DROP FUNCTION refuse_audit_change()",
    ],
}
