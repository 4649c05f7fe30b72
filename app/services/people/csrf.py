"""Tokens that show that a change came from our own page: foreign pages can't read them.

They are HMACs, so nothing is kept: of the session, or, before there is one, of a random cookie
(OWASP: signed double-submit cookie).
"""

import hmac
import re
import secrets
from typing import Final

from app.gateways import cipher

HEADER: Final = "X-CSRF-Token"
_SEED: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def of_session(session_id: str) -> str:
    """Return the token of a session."""
    return _mac("csrf token of a session", session_id)


def is_of_session(session_id: str, given: str) -> bool:
    """Return whether this is the token of a session."""
    return _is_same(of_session(session_id), given)


def new_seed() -> str:
    """Return what goes into the cookie that a form is bound to."""
    return secrets.token_hex(32)


def is_seed(text: str) -> bool:
    """Return whether a cookie holds what may be a seed."""
    return _SEED.fullmatch(text) is not None


def of_form(seed: str) -> str:
    """Return the token of forms that are bound to this seed."""
    return _mac("csrf token of a form", seed)


def is_of_form(seed: str, given: str) -> bool:
    """Return whether this is the token of forms that are bound to this seed."""
    return is_seed(seed) and _is_same(of_form(seed), given)


def _mac(purpose: str, text: str) -> str:
    return hmac.digest(cipher.current().derive(purpose), text.encode(), "sha256").hex()


def _is_same(wanted: str, given: str) -> bool:
    return hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace"))
