"""Ids of which only the beginning is known."""

import re
from typing import Final

_HEX: Final = re.compile(r"[0-9a-f]{8,32}")
_DIGITS: Final = 32


def range_of(text: str) -> tuple[str, str] | None:
    """Return the first and the last id that begin with these digits, if they are enough of one."""
    plain = text.replace("-", "")
    if not _HEX.fullmatch(plain):
        return None
    return plain.ljust(_DIGITS, "0"), plain.ljust(_DIGITS, "f")
