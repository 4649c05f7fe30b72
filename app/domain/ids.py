"""Identifiers: UUID version 7 as 32 hexadecimal digits, so that indexes stay local in time."""

import os
import re
import time
from datetime import datetime

_RANDOM_BITS = 74
#: The latest id of this process: its millisecond and its random part.
_latest = (0, 0)
_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return a fresh UUIDv7 (RFC 9562, section 5.7) as 32 lower-case hexadecimal digits.

    Those of one thread sort in the order in which they were made, also within a millisecond: each
    is larger by a random step (section 6.2, method 2), so that processes still never agree.
    """
    global _latest  # noqa: PLW0603 - without a lock: two threads take different steps
    milliseconds, (before, latest) = time.time_ns() // 1_000_000, _latest
    random = int.from_bytes(os.urandom(10), "big") >> 7
    if milliseconds == before:
        random = latest + 1 + (random >> 13)
    if random >> _RANDOM_BITS:
        return new_id()
    _latest = (milliseconds, random)
    value = milliseconds << 80
    value |= 0x7 << 76 | (random >> 62) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return f"{value:032x}"


def floor_of(moment: datetime) -> str:
    """Return what sorts before all ids made from an aware moment on, behind all made before it."""
    return f"{int(moment.timestamp() * 1000) << 80:032x}"


def normalise_id(text: str) -> str | None:
    """Return the stored form of an id given plain or with dashes; ``None`` if it is no id."""
    plain = text.replace("-", "").lower()
    if text == "default" or _ID.fullmatch(plain):
        return text if text == "default" else plain
    return None
