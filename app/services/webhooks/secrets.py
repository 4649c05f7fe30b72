"""The secrets of a webhook: one in use, and those before it that receivers may still expect."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from app.domain.clock import now, to_wire
from app.gateways.cipher import KeyMissing, current

#: A secret that was replaced by rotation signs for so long beside the new one.
OVERLAP = timedelta(hours=24)
#: Of several rotations in a row only so many old secrets go on signing.
_MOST_OLD = 3
_NONE = "[]"


def only(webhook_id: str, secret: str | None) -> str:
    """Return what is stored for a webhook with this secret alone, or with none."""
    return _stored(webhook_id, [{"secret": secret}] if secret else [])


def rotated(webhook_id: str, stored: str, secret: str) -> str:
    """Return what is stored once ``secret`` has replaced the one in use."""
    until = to_wire(now() + OVERLAP)
    try:
        old = [{"until": until} | entry for entry in _valid(webhook_id, stored)]
    except KeyMissing:  # nobody can sign with them any more
        old = []
    return _stored(webhook_id, [{"secret": secret}, *old[:_MOST_OLD]])


def in_use(webhook_id: str, stored: str) -> tuple[str, ...]:
    """Return the secrets that sign at this moment, the newest first.

    Raises :class:`app.gateways.cipher.KeyMissing`; what is stored in clear counts as such.
    """
    return tuple(str(entry["secret"]) for entry in _valid(webhook_id, stored))


def are_given(stored: str) -> bool:
    """Return whether there is a secret, without opening it."""
    return stored != _NONE


def _valid(webhook_id: str, stored: str) -> list[dict[str, Any]]:
    if stored == _NONE:
        return []
    entries: list[dict[str, Any]] = orjson.loads(current().decrypt(stored, _context(webhook_id)))
    moment = now()
    return [e for e in entries if "until" not in e or datetime.fromisoformat(e["until"]) > moment]


def _stored(webhook_id: str, entries: list[dict[str, Any]]) -> str:
    if not entries:
        return _NONE
    return current().encrypt(orjson.dumps(entries).decode(), _context(webhook_id))


def _context(webhook_id: str) -> str:
    return f"webhook:{webhook_id}"
