"""The fields of a cron expression: what each may hold, and what is wrong with one."""

import re
from dataclasses import dataclass
from typing import Final

from app.domain.errors import shorten

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_ITEM = re.compile(r"(?P<low>[0-9]+|[A-Z]+)(?:-(?P<high>[0-9]+|[A-Z]+))?(?:/(?P<step>[0-9]+))?")
_STAR = re.compile(r"\*(?:/(?P<step>[0-9]+))?")
_DAY_SPECIAL = re.compile(r"L|LW|L-(?P<back>[0-9]+)|(?P<near>[0-9]+)W")
_WEEKDAY_SPECIAL = re.compile(r"(?P<day>[0-9]|[A-Z]{3})(?:(?P<last>L)|#(?P<nth>[0-9]+))")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of field: its name, its range, and the names of its numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    #: The number of the first name.
    base: int = 0

    def allowed(self) -> str:
        """Return in words what the field takes."""
        words = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{words}"


SECOND: Final = Kind("second", 0, 59)
MINUTE: Final = Kind("minute", 0, 59)
HOUR: Final = Kind("hour", 0, 23)
DAY: Final = Kind("day of the month", 1, 31)
MONTH: Final = Kind("month", 1, 12, tuple(_MONTHS), 1)
WEEKDAY: Final = Kind("weekday", 0, 7, tuple(_WEEKDAYS))
#: In Quartz the week begins with Sunday as 1.
QUARTZ_WEEKDAY: Final = Kind("weekday", 1, 7, tuple(_WEEKDAYS), 1)
YEAR: Final = Kind("year", 1970, 2099)


@dataclass(frozen=True, slots=True)
class Field:
    """A field as it was read: numbers, and what only the days have."""

    text: str
    numbers: frozenset[int]
    #: Such as ``L``, ``LW``, ``L-3``, ``15W``, ``5L``, ``1#3``; weekdays count from Sunday as 0.
    specials: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Return whether the field is ``*`` or ``?``."""
        return self.text in ("*", "?")

    @property
    def is_starred(self) -> bool:
        """Return whether the field begins with a star, by which it restricts nothing for the OR."""
        return self.text.startswith(("*", "?"))


def read_field(text: str, kind: Kind, *, may_be_open: bool = False) -> Field:
    """Return a field that was read; ``may_be_open`` allows ``?``.

    Raises :class:`ValueError` with the text that is wrong and what is allowed.
    """
    text = text.upper()
    numbers: set[int] = set()
    specials = []
    for item in ("*" if text == "?" and may_be_open else text).split(","):
        special = _special(item, kind)
        if special is None:
            numbers |= _numbers(item, kind)
        else:
            specials.append(special)
    if kind.names[:1] == ("SUN",):
        numbers = {(number - kind.base) % 7 for number in numbers}
    return Field(text, frozenset(numbers), tuple(dict.fromkeys(specials)))


def _numbers(item: str, kind: Kind) -> set[int]:
    if item == "L" and kind is QUARTZ_WEEKDAY:
        return {kind.high}
    star = _STAR.fullmatch(item)
    if star is not None:
        return set(range(kind.low, kind.high + 1, _step(star["step"], item, kind)))
    found = _ITEM.fullmatch(item)
    if found is None:
        raise ValueError(_unreadable(item, kind))
    low = _number(found["low"], kind)
    step = _step(found["step"], item, kind)
    if found["high"] is None:
        high = kind.high if found["step"] else low
    else:
        high = _number(found["high"], kind)
    if high < low:
        return _around(found["low"], found["high"], item, kind)
    return set(range(low, high + 1, step))


def _around(low: str, high: str, item: str, kind: Kind) -> set[int]:
    """Return a range of names over the end, such as ``FRI-MON``; numbers don't go round."""
    if low.isdigit() or high.isdigit() or "/" in item:
        raise ValueError(
            f"the range {item!r} runs backwards; allowed: {kind.allowed()}, the smaller first"
        )
    size = len(kind.names)
    first, last = kind.names.index(low), kind.names.index(high) + size
    return {place % size + kind.base for place in range(first, last + 1)}


def _number(text: str, kind: Kind) -> int:
    if text in kind.names:
        return kind.names.index(text) + kind.base
    if not text.isdigit():
        raise ValueError(_unreadable(text, kind))
    number = int(text)
    if not kind.low <= number <= kind.high:
        raise ValueError(f"{shorten(text, 20)!r} is out of range; allowed: {kind.allowed()}")
    return number


def _step(text: str | None, item: str, kind: Kind) -> int:
    if text is None:
        return 1
    most = kind.high - kind.low + 1
    if not 1 <= int(text) <= most:
        raise ValueError(
            f"{shorten(item, 20)!r} has no step that is possible; allowed: 1 to {most}"
        )
    return int(text)


def _unreadable(item: str, kind: Kind) -> str:
    if not item:
        return f"an item of the list is empty; allowed: {kind.allowed()}"
    hints = {"H": " (H is not supported)", "?": " (? needs the dialect quartz)"}
    hint = hints.get(item[:1], "") if len(item) == 1 else ""
    return f"{shorten(item, 20)!r} can't be read{hint}; allowed: {kind.allowed()}"


def _special(item: str, kind: Kind) -> str | None:
    if kind is DAY:
        return _day_special(item)
    if kind.names[:1] == ("SUN",):
        return _weekday_special(item, kind)
    return None


def _day_special(item: str) -> str | None:
    found = _DAY_SPECIAL.fullmatch(item)
    if found is None:
        return None
    if found["back"] and not 1 <= int(found["back"]) <= 30:
        raise ValueError(f"{shorten(item, 20)!r} is out of range; allowed: L-1 to L-30")
    if found["near"] and not 1 <= int(found["near"]) <= 31:
        raise ValueError(f"{shorten(item, 20)!r} is out of range; allowed: 1W to 31W")
    return item


def _weekday_special(item: str, kind: Kind) -> str | None:
    found = _WEEKDAY_SPECIAL.fullmatch(item)
    if found is None:
        return None
    day = (_number(found["day"], kind) - kind.base) % 7
    if found["last"]:
        return f"{day}L"
    if not 1 <= int(found["nth"]) <= 5:
        raise ValueError(f"{shorten(item, 20)!r} is out of range; allowed: #1 to #5")
    return f"{day}#{int(found['nth'])}"
