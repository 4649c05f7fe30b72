"""The secrets of a webhook: one in use, and those before it that receivers may still expect."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from app.domain.clock import now, to_wire

#: A secret that was replaced by rotation signs for so long beside the new one.
OVERLAP = timedelta(hours=24)
#: Of several rotations in a row only so many old secrets go on signing.
_MOST_OLD = 3


def only(secret: str | None) -> str:
    """Return what is stored for a webhook with this secret alone, or with none."""
    return _stored([{"secret": secret}] if secret else [])


def rotated(stored: str, secret: str) -> str:
    """Return what is stored once ``secret`` has replaced the one in use."""
    until = to_wire(now() + OVERLAP)
    old = [{"until": until} | entry for entry in _valid(stored)]
    return _stored([{"secret": secret}, *old[:_MOST_OLD]])


def in_use(stored: str) -> tuple[str, ...]:
    """Return the secrets that sign at this moment, the newest first."""
    return tuple(str(entry["secret"]) for entry in _valid(stored))


def _valid(stored: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = orjson.loads(stored)
    moment = now()
    return [e for e in entries if "until" not in e or datetime.fromisoformat(e["until"]) > moment]


def _stored(entries: list[dict[str, Any]]) -> str:
    return orjson.dumps(entries).decode()
