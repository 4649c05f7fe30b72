"""Refresh tokens: their form. Each names its session and holds 256 random bits."""

import hashlib
import re
import secrets
from typing import Final

PREFIX: Final = "oneoffr_"
_RANDOM_BYTES: Final = 32
_FORM: Final = re.compile(rf"{PREFIX}([0-9a-f]{{32}})_[0-9a-f]{{64}}", re.ASCII)


def new_token(session_id: str) -> str:
    """Return a fresh token of a session."""
    return f"{PREFIX}{session_id}_{secrets.token_hex(_RANDOM_BYTES)}"


def session_of(token: str) -> str | None:
    """Return the session that a token names; ``None`` if it is no token."""
    found = _FORM.fullmatch(token)
    return found[1] if found else None


def hash_of(token: str) -> str:
    """Return what is stored of a token. It is random enough for a fast hash (SHA-256)."""
    return hashlib.sha256(token.encode()).hexdigest()
