"""Moments written as people write them: a date, a time of the clock, and a zone."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from app.domain.errors import shorten
from app.domain.schedules.zones import zone_of

NO_MOMENT: Final = "is not a moment of the calendar, or out of range"
_FLAGS = re.IGNORECASE | re.ASCII
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?:\s*(?P<offset>[+-]\d\d:?\d\d)|\s*(?P<zulu>Z)|\s+(?P<name>[A-Za-z]\S*))?"
_HALF = r"(?:\s*(?P<half>[AP]M))?"
_ISO = re.compile(
    rf"(?P<year>\d{{4}})-(?P<month>\d\d)-(?P<day>\d\d)(?:T|\s+){_CLOCK}{_HALF}{_ZONE}", _FLAGS
)
_AMERICAN = re.compile(
    rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{4}})(?:,?\s+{_CLOCK}{_HALF}{_ZONE})?",
    _FLAGS,
)
_LONG = re.compile(
    r"(?P<word>[a-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4}),?\s+"
    rf"{_CLOCK}{_HALF}{_ZONE}",
    _FLAGS,
)
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
#: RFC 2822, section 4.3; no other abbreviation is the same everywhere.
_ABBREVIATIONS: Final = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_SHORT = re.compile(r"[A-Z]{1,5}")


def parse_written(text: str, zone: str) -> datetime | None:
    """Return the moment in UTC; ``None`` if the text has none of the forms.

    ``zone`` is that of American and long dates without one. Raises :class:`ValueError` for what
    names no moment, or may name two.
    """
    found = _AMERICAN.fullmatch(text)
    if found is not None:
        _check_american(found)
        return _moment(found.groupdict(), int(found["month"]), zone)
    found = _LONG.fullmatch(text)
    if found is not None:
        return _moment(found.groupdict(), _month(found["word"]), zone)
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    return _moment(found.groupdict(), int(found["month"]), None)


def _moment(parts: dict[str, str | None], month: int, zone: str | None) -> datetime:
    hour = _hour(int(parts["hour"] or 0), parts["half"], is_american=zone is not None)
    numbers = (int(parts[name] or 0) for name in ("day", "minute", "second"))
    day, minute, second = numbers
    milliseconds = int((parts["fraction"] or "0")[:3].ljust(3, "0"))
    try:
        wall = datetime(int(parts["year"] or 0), month, day, hour, minute, second)  # noqa: DTZ001
        return _placed(wall + timedelta(milliseconds=milliseconds), parts, zone)
    except OverflowError:
        raise ValueError(NO_MOMENT) from None
    except ValueError as error:
        # Ours begin in lower case with a verb; those of the library speak of a range.
        raise ValueError(_ours(error)) from None


def _ours(error: ValueError) -> str:
    return str(error) if isinstance(error, _PlaceError) else NO_MOMENT


class _PlaceError(ValueError):
    """A time of the clock has no single place in its zone."""


def _hour(hour: int, half: str | None, *, is_american: bool) -> int:
    if half is None:
        if is_american and 1 <= hour <= 12:
            raise ValueError(f"can be read in two ways: {hour} AM or {hour} PM; write AM or PM")
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"has the hour {hour} beside {half.upper()}; allowed: 1 to 12")
    return hour % 12 + (12 if half.upper() == "PM" else 0)


def _check_american(found: re.Match[str]) -> None:
    month, day, year = int(found["month"]), int(found["day"]), found["year"]
    if month <= 12 and day <= 12 and month != day:
        raise ValueError(
            f"can be read in two ways: {_MONTHS[month - 1].title()} {day}, {year} or "
            f"{_MONTHS[day - 1].title()} {month}, {year}; write {year}-{month:02}-{day:02} or "
            f"{year}-{day:02}-{month:02} with a time and a zone"
        )
    if month > 12 and 1 <= day <= 12:
        raise ValueError(f"has no month {month}: in this form the month is first, the day second")
    if found["hour"] is None:
        raise ValueError("names no time of the day: write 9:30 AM behind the date")


def _month(word: str) -> int:
    wanted = word.lower()
    for number, name in enumerate(_MONTHS, start=1):
        if wanted in (name, name[:3]) or (wanted == "sept" and number == 9):
            return number
    raise ValueError(f"has no month {shorten(word, 20)!r}")


def _placed(wall: datetime, parts: dict[str, str | None], zone: str | None) -> datetime:
    """Return the moment at which a clock shows this time, in UTC."""
    if parts["offset"]:
        return wall.replace(tzinfo=_offset(parts["offset"])).astimezone(UTC)
    name = "UTC" if parts["zulu"] else parts["name"] or zone
    if name is None:
        raise _PlaceError(
            "must say its time zone: end it with Z, an offset or an IANA name, as in "
            "2030-01-31 09:30 Europe/Berlin"
        )
    if name.upper() in _ABBREVIATIONS:
        hours = _ABBREVIATIONS[name.upper()]
        return wall.replace(tzinfo=timezone(timedelta(hours=hours))).astimezone(UTC)
    return _in_zone(wall, _checked(name))


def _checked(name: str) -> str:
    if _SHORT.fullmatch(name):
        raise _PlaceError(
            f"has the abbreviation {name}, which is not the same everywhere: write an IANA zone, "
            "such as Europe/Berlin, or an offset, such as +01:00"
        )
    try:
        zone_of(name)
    except ValueError as error:
        raise _PlaceError(f"has the time zone {shorten(name, 40)!r}, which {error}") from None
    return name


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise _PlaceError(NO_MOMENT)
    size = timedelta(hours=hours, minutes=minutes)
    return timezone(-size if text[0] == "-" else size)


def _in_zone(wall: datetime, name: str) -> datetime:
    """Return the one moment at which the clocks of a zone show this time."""
    zone = zone_of(name)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early == late:
        return early
    if early.astimezone(zone).replace(tzinfo=None) != wall:
        raise _PlaceError(
            f"does not exist in {name}: the clocks are put forward over it; "
            f"the nearest are {late.astimezone(zone).isoformat()} "
            f"and {early.astimezone(zone).isoformat()}"
        )
    raise _PlaceError(
        f"can be read in two ways in {name}, where the clocks are put back: "
        f"{early.astimezone(zone).isoformat()} or {late.astimezone(zone).isoformat()}"
    )
