"""Encryption keys as text: 32 bytes in base64."""

import base64
import binascii
import secrets
from typing import Final

_BYTES: Final = 32
#: How to make one; said wherever one is refused.
HOW: Final = "make one: openssl rand -base64 32"
#: Fewer different bytes than this no random key has (a chance below 1e-12).
_LEAST_DIFFERENT: Final = 16
_STANDARD: Final = str.maketrans("-_", "+/")


def new_key() -> bytes:
    """Return a random key."""
    return secrets.token_bytes(_BYTES)


def key_text(key: bytes) -> str:
    """Return a key as text."""
    return base64.b64encode(key).decode()


def read_key(text: str) -> bytes:
    """Return the key in a text, in either alphabet of base64 (RFC 4648).

    Raises :class:`ValueError` for what is no key of 32 bytes, or is too regular to be random.
    """
    try:
        key = base64.b64decode(
            text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise ValueError(f"must be 32 bytes in base64; {HOW}") from None
    if len(key) != _BYTES:
        raise ValueError(f"must be 32 bytes in base64, not {len(key)}; {HOW}")
    is_text = key.isascii() and key.decode().isprintable()
    if is_text or len(set(key)) < _LEAST_DIFFERENT:
        raise ValueError(f"must be random: this looks like a sample; {HOW}")
    return key
