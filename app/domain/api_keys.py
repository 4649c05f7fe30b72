"""API keys: their form, and what their scopes allow.

A key is ``oneoff_``, 56 random hexadecimal digits, and the CRC-32 of those digits as eight more:
a mistyped key is told from an unknown one without asking anybody.
"""

import hashlib
import re
import secrets
import zlib
from typing import Final

from app.domain.outbound import parse_networks

PREFIX: Final = "oneoff_"
#: So much of a key may be shown, to tell it from others.
SHOWN: Final = 15
_RANDOM_BYTES: Final = 28
_FORM: Final = re.compile(rf"{PREFIX}([0-9a-f]{{56}})([0-9a-f]{{8}})")

READ: Final = "read"
WRITE: Final = "write"
ADMIN: Final = "admin"
#: Each scope with all that it allows.
IMPLIED: Final = {
    READ: frozenset({READ}),
    WRITE: frozenset({READ, WRITE}),
    ADMIN: frozenset({READ, WRITE, ADMIN}),
}
DEFAULT_SCOPES: Final = "read,write"
MOST_ADDRESSES: Final = 50
#: After a rotation the old key is valid for no longer than this.
LONGEST_OVERLAP_SECONDS: Final = 7 * 24 * 3600


def new_key() -> str:
    """Return a fresh key; 224 of its bits are random."""
    digits = secrets.token_hex(_RANDOM_BYTES)
    return f"{PREFIX}{digits}{_sum_of(digits)}"


def is_well_formed(text: str) -> bool:
    """Return whether a text can be a key of ours at all."""
    found = _FORM.fullmatch(text)
    return found is not None and _sum_of(found[1]) == found[2]


def hash_of(key: str) -> str:
    """Return what is stored of a key. It is random enough for a fast hash (SHA-256)."""
    return hashlib.sha256(key.encode()).hexdigest()


def clean_scopes(text: str) -> str:
    """Return a list of scopes in its stored form, such as ``read,write``.

    Raises :class:`ValueError` if there is none, or one that does not exist.
    """
    names = [part.strip().lower() for part in text.split(",")]
    unknown = sorted({name for name in names if name and name not in IMPLIED})
    given = [scope for scope in IMPLIED if scope in names]
    if unknown or not given:
        named = f"; unknown: {', '.join(unknown)}" if unknown else ""
        raise ValueError(f"must be one or more of {', '.join(IMPLIED)}, comma-separated{named}")
    return ",".join(given)


def clean_addresses(text: str) -> str:
    """Return a list of networks in its stored form, such as ``10.0.0.0/8,::1/128``.

    Raises :class:`ValueError` that names what can't be read.
    """
    networks = parse_networks(text)
    if len(networks) > MOST_ADDRESSES:
        raise ValueError(f"must be at most {MOST_ADDRESSES} networks")
    return ",".join(dict.fromkeys(map(str, networks)))


def allows(scopes: str, wanted: str) -> bool:
    """Return whether stored scopes allow what needs ``wanted``."""
    return any(wanted in IMPLIED[scope] for scope in scopes.split(","))


def _sum_of(digits: str) -> str:
    return f"{zlib.crc32(digits.encode()):08x}"
