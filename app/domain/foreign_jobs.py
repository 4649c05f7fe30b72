"""Definitions of jobs in the words of another scheduler, put into ours.

That one asks a backend which jobs there are and starts each by a GET of an address of it.
"""

from collections.abc import Mapping
from typing import Any

_OURS = frozenset({"config", "type", "external_id"})
_THEIRS = frozenset({"id", "triggerendpoint"})


def translated(item: Any) -> Any:
    """Return a definition in our words; one that is in them already, or unreadable, as it is."""
    if not isinstance(item, Mapping):
        return item
    names = {str(name).lower(): value for name, value in item.items()}
    if names.keys() & _OURS or not names.keys() >= _THEIRS:
        return item
    made: dict[str, Any] = {
        "external_id": names["id"],
        "name": names.get("name") or names["id"],
        "type": "http",
        "config": {"method": "GET", "url": names["triggerendpoint"]},
        "auto_start": _flag(names.get("autostart"), default=True),
    }
    if names.get("maxruntime"):
        made["timeout_seconds"] = names["maxruntime"]
    return made | _when(names)


def _when(names: Mapping[str, Any]) -> dict[str, Any]:
    schedule = str(names.get("schedule") or "").strip()
    if _flag(names.get("isperiodic"), default=False):
        return {"schedule": {"type": "cron", "expression": schedule}}
    if not schedule:
        return {"schedule": {"type": "manual"}}
    return {"scheduled_at": schedule}


def _flag(value: Any, *, default: bool) -> Any:
    """Return what a flag says, also one that is a text; what is neither stays, to be refused."""
    if value is None:
        return default
    return (
        {"true": True, "false": False}.get(value.lower(), value)
        if isinstance(value, str)
        else value
    )
