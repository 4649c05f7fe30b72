"""Spans of time and rates as people write them: ``5m``, ``1h30m``, ``10/1m``."""

import re
from typing import Final

LONGEST_SECONDS: Final = 36_500 * 86_400
#: The longest period of a rate, and the most starts in it.
LONGEST_PERIOD, MOST_STARTS = 86_400, 10_000
_SPAN: Final = re.compile(r"(?=\d)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)
_RATE: Final = re.compile(r"(\d{1,9})\s*(?:/|per)\s*(\S+)", re.ASCII)
_UNITS: Final = {"d": 86_400, "h": 3600, "m": 60, "s": 1}


def seconds(text: str) -> int:
    """Return a span in seconds: ``90``, ``90s``, ``5m``, ``1h30m``, ``2d``.

    Raises :class:`ValueError` for anything else, and for more than 36,500 days.
    """
    word = text.strip().lower()
    found = _SPAN.fullmatch(f"{word}s" if re.fullmatch(r"\d{1,12}", word, re.ASCII) else word)
    if found is None or len(word) > 40:
        raise ValueError("must be a span of time, such as 90s, 5m or 1h30m")
    parts = (int(part or 0) for part in found.groups())
    total = sum(part * unit for part, unit in zip(parts, _UNITS.values(), strict=True))
    if total > LONGEST_SECONDS:
        raise ValueError("must be no longer than 36,500 days")
    return total


def rate(text: str) -> tuple[int, int]:
    """Return how many starts in how many seconds a rate such as ``10/1m`` allows.

    The number may be left out of the period: ``10/m``. Raises :class:`ValueError`.
    """
    found = _RATE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError("must be a number and a period, such as 10/1m")
    count, period = int(found[1]), seconds(f"1{found[2]}" if found[2] in _UNITS else found[2])
    if not 1 <= count <= MOST_STARTS or not 1 <= period <= LONGEST_PERIOD:
        raise ValueError(f"must be 1 to {MOST_STARTS} starts in a period of 1 s to 1 day")
    return count, period


def rate_text(count: int, period: int) -> str:
    """Return a rate as people write it: ``10/1m``."""
    unit = next(name for name, size in _UNITS.items() if period % size == 0)
    return f"{count}/{period // _UNITS[unit]}{unit}"
