"""The schedule of a job that runs once: a moment in RFC 3339, or the word "now"."""

import re
from datetime import UTC, datetime

NOW = "now"
_FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ]"
    r"(?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.IGNORECASE | re.ASCII,
)
_EXAMPLE = "2030-01-31T09:30:00Z"


def parse_moment(text: str, now: datetime) -> datetime:
    """Return the moment that a text names; ``now`` is what the word "now" stands for.

    Raises :class:`ValueError` with a sentence for the person who wrote it.
    """
    return now if text.strip().lower() == NOW else parse_rfc3339(text.strip())


def parse_rfc3339(text: str) -> datetime:
    """Return an aware moment in UTC, cut to whole milliseconds."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"must be a moment in RFC 3339, such as {_EXAMPLE}")
    if not found["zone"]:
        raise ValueError(f"must say its time zone: end it with Z or an offset, as in {_EXAMPLE}")
    fraction = (found["fraction"] or "0")[:3].ljust(3, "0")
    zone = "+00:00" if found["zone"] in "zZ" else found["zone"]
    try:
        moment = datetime.fromisoformat(f"{found['date']}T{found['time']}.{fraction}{zone}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a moment of the calendar, or out of range") from None
