"""Passwords: hashed slowly, checked in constant time, also where there is nothing to check.

bcrypt reads 72 bytes and stops at a NUL byte, so it is given the base64 of the SHA-256 of the
password (in the normal form NFC, so that it does not matter how a keyboard composes a letter).
"""

import base64
import hashlib
import unicodedata
from typing import Final

import bcrypt

#: Each step up doubles the time; at 12 it is about a quarter of a second.
COST: Final = 12
#: Checked where there is no user, or one without a password: it takes as long as any other.
_NOBODYS: Final = "$2b$12$HHLcdKc0TbC6BoTAl/o0wuuOpMXJ9ZT8.XLJJedzzNm59Iiz4V5xu"


def hash_of(password: str) -> str:
    """Return what is stored of a password."""
    return bcrypt.hashpw(_digest(password), bcrypt.gensalt(COST)).decode()


def is_right(password: str, stored: str | None) -> bool:
    """Return whether this is the password; it takes the same time if none is stored."""
    right = bcrypt.checkpw(_digest(password), (stored or _NOBODYS).encode())
    return right and stored is not None


def _digest(password: str) -> bytes:
    text = unicodedata.normalize("NFC", password)
    return base64.b64encode(hashlib.sha256(text.encode()).digest())
