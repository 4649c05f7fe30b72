"""Tickets for sockets: browsers can't send a key with them, and no key may stand in an address.

A ticket is good for one socket, for one execution, for half a minute, and for who asked for it.
It is sealed with the installation's key: nothing is kept until it is used. Where there is no Redis
each process remembers for itself which tickets were used.
"""

import base64
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson
from cachetools import TTLCache

from app.domain.clock import now
from app.domain.errors import InvalidToken
from app.domain.ids import new_id
from app.gateways import cipher, live_feed, live_place
from app.services.access import Principal

GOOD_SECONDS: Final = 30
_LONGEST: Final = 1_000
_used: TTLCache[str, bool] = TTLCache(10_000, 2 * GOOD_SECONDS)
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose ticket it is: who has shown this key, or a token of this session."""

    key_id: str | None
    session_id: str | None


def issue(who: Principal, execution_id: str) -> tuple[str, datetime]:
    """Return a ticket for the output of an execution, and until when it is good."""
    expires_at = now() + timedelta(seconds=GOOD_SECONDS)
    says = {
        "id": new_id(),
        "key": who.key_id,
        "session": who.session_id,
        "until": expires_at.timestamp(),
    }
    text = cipher.current().encrypt(orjson.dumps(says).decode(), _context(execution_id))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("="), expires_at


def redeem(ticket: str, execution_id: str) -> Holder:
    """Return whose ticket this is. Raises :class:`InvalidToken` unless it is good, and now used."""
    if len(ticket) > _LONGEST:
        raise InvalidToken
    try:
        text = base64.urlsafe_b64decode(ticket + "=" * (-len(ticket) % 4)).decode()
        says = orjson.loads(cipher.current().decrypt(text, _context(execution_id)))
    except Exception:
        raise InvalidToken from None
    if says["until"] < now().timestamp() or not _is_unused(says["id"]):
        raise InvalidToken
    return Holder(says["key"], says["session"])


def _is_unused(ticket_id: str) -> bool:
    with _guard:
        if ticket_id in _used:
            return False
        _used[ticket_id] = True
    if not live_place.is_there():
        return True
    try:
        return live_feed.take_once(ticket_id, 2 * GOOD_SECONDS)
    except live_place.Away:
        return True


def _context(execution_id: str) -> str:
    return f"live-ticket:{execution_id}"
