"""Identifiers: UUID version 7 as 32 hexadecimal digits, so that indexes stay local in time."""

import os
import re
import time

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return a fresh UUIDv7 (RFC 9562, section 5.7) as 32 lower-case hexadecimal digits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = milliseconds << 80
    value |= 0x7 << 76 | (random >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return f"{value:032x}"


def normalise_id(text: str) -> str | None:
    """Return the stored form of an id given plain or with dashes; ``None`` if it is no id."""
    plain = text.replace("-", "").lower()
    if text == "default" or _ID.fullmatch(plain):
        return text if text == "default" else plain
    return None
