"""Moments that people write: standard forms, times from now, and dates as in America."""

import re
from datetime import UTC, datetime, timedelta

from app.domain.schedules.written import NO_MOMENT, parse_written

NOW = "now"
LONGEST = 100
_FORM = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[T ]"
    r"(?P<time>\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?"
    r"(?P<zone>Z|[+-]\d\d:\d\d)?",
    re.IGNORECASE | re.ASCII,
)
_RELATIVE = re.compile(
    r"(?:in\s+|\+\s*)?(?P<parts>(?:\d{1,9}(?:\.\d{1,3})?\s*[wdhms]\s*)+)", re.IGNORECASE | re.ASCII
)
_PIECE = re.compile(r"(?P<number>[\d.]+)\s*(?P<unit>[wdhms])", re.IGNORECASE | re.ASCII)
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_EXAMPLE = "2030-01-31T09:30:00Z"
_FORMS = (
    f"must be a moment: RFC 3339, such as {_EXAMPLE}; from now, such as in 2h30m; or written as "
    "2030-01-31 09:30 Europe/Berlin, 01/31/2030 9:30 AM EST or Jan 31, 2030 9:30 AM EST"
)


def parse_moment(text: str, now: datetime, zone: str = "UTC") -> datetime:
    """Return the moment in UTC that a text names.

    ``now`` is what the word "now" and times from now count from. ``zone`` is that of American and
    long dates which name none. Raises :class:`ValueError` with a sentence for the person who wrote
    it; what can be read in two ways is refused with both readings.
    """
    text = text.strip()
    if text.lower() == NOW:
        return now
    if len(text) > LONGEST:
        raise ValueError(_FORMS)
    relative = _RELATIVE.fullmatch(text)
    if relative is not None:
        return _from_now(relative["parts"], now)
    if _FORM.fullmatch(text):
        return parse_rfc3339(text)
    found = parse_written(text, zone)
    if found is None:
        raise ValueError(_FORMS)
    return found


def parse_rfc3339(text: str) -> datetime:
    """Return an aware moment in UTC, cut to whole milliseconds."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"must be a moment in RFC 3339, such as {_EXAMPLE}")
    if not found["zone"]:
        raise ValueError(f"must say its time zone: end it with Z or an offset, as in {_EXAMPLE}")
    zone = "+00:00" if found["zone"] in "zZ" else found["zone"]
    try:
        clock = f"{found['time']}.{_milliseconds(found['fraction'])}"
        moment = datetime.fromisoformat(f"{found['date']}T{clock}{zone}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(NO_MOMENT) from None


def _milliseconds(fraction: str | None) -> str:
    return (fraction or "0")[:3].ljust(3, "0")


def _from_now(text: str, now: datetime) -> datetime:
    """Return the moment so long from now; each unit may stand once, the longest first."""
    pieces = [(float(p["number"]), p["unit"].lower()) for p in _PIECE.finditer(text)]
    order = [_SECONDS[unit] for _, unit in pieces]
    if order != sorted(set(order), reverse=True):
        raise ValueError("must name each unit once, the longest first, such as in 2h30m")
    try:
        wait = timedelta(seconds=sum(number * _SECONDS[unit] for number, unit in pieces))
        return now + timedelta(milliseconds=wait // timedelta(milliseconds=1))
    except OverflowError:
        raise ValueError(NO_MOMENT) from None
