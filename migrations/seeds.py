"""What a fresh installation holds: its id, the default project and queue, eight tags, roles."""

import sqlalchemy as sa

from app.db import UtcDateTime
from app.domain.clock import now
from app.domain.ids import new_id
from app.version import VERSION

_TAGS = {
    "maintenance": "#8b5cf6",
    "deployment": "#10b981",
    "backup": "#3b82f6",
    "cleanup": "#f59e0b",
    "migration": "#ec4899",
    "testing": "#14b8a6",
    "production": "#ef4444",
    "staging": "#f97316",
}


def plant(connection: sa.Connection) -> None:
    """Insert the first rows."""
    made = now()
    project = {
        "id": "default",
        "name": "Default Project",
        "color": "#6366f1",
        "icon": "folder",
        "is_archived": False,
        "created_at": made,
        "updated_at": made,
    }
    tags = [
        {"id": new_id(), "name": name, "color": color, "is_default": True, "created_at": made}
        for name, color in _TAGS.items()
    ]
    installation = {"id": new_id(), "oldest_release": VERSION, "created_at": made}
    _insert(connection, "projects", [project])
    _insert(connection, "tags", tags)
    _insert(connection, "queues", [{"name": "default", "created_at": made}])
    _insert(connection, "installation", [installation])


#: The roles of the product by name; what they may do, the code says.
_ROLES = {"admin": True, "operator": True, "viewer": True, "user": False}


def plant_roles(connection: sa.Connection) -> None:
    """Insert the roles that the product brings."""
    made = now()
    rows = [
        {
            "id": name,
            "name": name,
            "permissions": "",
            "sees_all": sees_all,
            "is_built_in": True,
            "created_at": made,
            "updated_at": made,
        }
        for name, sees_all in _ROLES.items()
    ]
    _insert(connection, "roles", rows)


def plant_chain(connection: sa.Connection) -> None:
    """Insert the beginning of the audit log's chain."""
    start: dict[str, object] = {"sequence": 0, "hash": "0" * 64}
    anchor: dict[str, object] = {"anchor_sequence": 0, "anchor_hash": "0" * 64}
    _insert(connection, "audit_chain", [{"id": "chain"} | start | anchor])


def _insert(connection: sa.Connection, table: str, rows: list[dict[str, object]]) -> None:
    columns = [sa.column(c, UtcDateTime() if c.endswith("_at") else None) for c in rows[0]]
    connection.execute(sa.insert(sa.table(table, *columns)), rows)
