"""Tickets between the two forms of the page: who has one has shown the present password.

They are encrypted, bound to the browser's form cookie, good for ten minutes, and for one new
password: they name the old one's hash by a fingerprint. Nothing of them is kept.
"""

from datetime import timedelta
from typing import Final

import orjson

from app.db import reading
from app.domain.clock import now
from app.gateways import cipher
from app.models import User
from app.services.people import signing_in

_VALID: Final = timedelta(minutes=10)
_LONGEST: Final = 1000


def make(user: User, seed: str) -> str:
    """Return a ticket for somebody who was recognised just now."""
    until = (now() + _VALID).timestamp()
    text = orjson.dumps([user.id, signing_in.fingerprint(user), until]).decode()
    return cipher.current().encrypt(text, _context(seed))


def holder(ticket: str, seed: str) -> User | None:
    """Return whose ticket this is, if it is still good."""
    if len(ticket) > _LONGEST:
        return None
    try:
        opened = cipher.current().decrypt(ticket, _context(seed))
    except cipher.KeyMissing:
        return None
    user_id, fingerprint, until = orjson.loads(opened)
    with reading() as session:
        user = session.get(User, user_id)
    is_good = user is not None and fingerprint == signing_in.fingerprint(user)
    return user if is_good and until > now().timestamp() else None


def _context(seed: str) -> str:
    return f"password ticket:{seed}"
