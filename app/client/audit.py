"""The audit log: who did what."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Unpack

from app.client import lists
from app.client.connection import Connection
from app.client.things import Page, Thing
from app.client.wishes import AuditFilters, AuditQuery

_PATH = "/api/audit"
_WIRE = {"date_from": "from", "date_to": "to"}


class AuditEntry(Thing):
    """A deed or a denial."""

    id: str
    at: datetime
    actor: str
    user_id: str | None = None
    key_id: str | None = None
    address: str | None = None
    action: str
    result: str
    target_kind: str | None = None
    target_id: str | None = None
    target_name: str | None = None
    project_id: str | None = None
    detail: dict[str, Any] | None = None
    trace_id: str | None = None
    sequence: int | None = None
    hash: str | None = None


class Audit:
    """``client.audit``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[AuditQuery]) -> Page[AuditEntry]:
        """Return a page of the audit log, the newest row first."""
        return lists.page(self._connection, _PATH, _on_the_wire(query), AuditEntry)

    def walk(self, **query: Unpack[AuditQuery]) -> Iterator[AuditEntry]:
        """Yield all rows that the filters let through, page by page."""
        return lists.walk(self.list, query)

    def export(self, form: str = "jsonl", **filters: Unpack[AuditFilters]) -> Iterator[bytes]:
        """Yield the pieces of an export, ``jsonl`` or ``csv``, the oldest row first."""
        query = {**_on_the_wire(filters), "format": form}
        return self._connection.stream(f"{_PATH}/export", query)


def _on_the_wire(given: Mapping[str, Any]) -> dict[str, Any]:
    return {_WIRE.get(name, name): value for name, value in given.items()}
