"""Cron expressions: five or six fields as in Vixie cron, or six and seven as in Quartz.

The days are found by the library cronsim, on wall time without a zone; what the library does not
know (the dialect of Quartz, the nearest weekday, years) is translated for it or sieved here.
"""

import calendar
import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from app.domain.errors import shorten
from app.domain.schedules import fields as kinds
from app.domain.schedules.fields import Field, Kind, read_field
from app.domain.schedules.pattern import Days, NeverFiresError, Pattern, Times

Dialect = Literal["standard", "quartz"]
LONGEST: Final = 255
MACROS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_REFUSED: Final = {
    "@every": 'use a schedule of type "fixed_rate" with interval_seconds',
    "@reboot": "a job belongs to no machine that starts",
}
_TIME: Final = (kinds.SECOND, kinds.MINUTE, kinds.HOUR)
_STANDARD: Final = (*_TIME, kinds.DAY, kinds.MONTH, kinds.WEEKDAY)
_QUARTZ: Final = (*_TIME, kinds.DAY, kinds.MONTH, kinds.QUARTZ_WEEKDAY, kinds.YEAR)
_FORMS: Final = {
    "standard": "5 fields (minute hour day month weekday), or 6 with the second first",
    "quartz": "6 fields (second minute hour day month weekday), or 7 with the year last",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """An expression that was read."""

    second: Field
    minute: Field
    hour: Field
    day: Field
    month: Field
    weekday: Field
    year: Field | None
    pattern: Pattern
    #: How many fields were written.
    size: int

    @property
    def is_real_time(self) -> bool:
        """Return whether the hours are not chosen: then the clocks' changes don't matter."""
        return self.hour.text == "*"

    @property
    def has_either_day(self) -> bool:
        """Return whether a day fits by its number or by its weekday, as both are chosen."""
        return not (self.day.is_starred or self.weekday.is_starred)


@functools.lru_cache(maxsize=4096)
def read_cron(expression: str, dialect: Dialect = "standard") -> Reading:
    """Return an expression that was read.

    Raises :class:`ValueError` that names each bad field by number, text and range, or says that
    the expression never fires.
    """
    texts, dialect = _texts(expression, dialect)
    found = _fields(texts, dialect)
    first = _STANDARD if len(texts) == 5 else ()
    parts = [Field("0", frozenset({0})), *found] if first else found
    second, minute, hour, day, month, weekday = parts[:6]
    year = parts[6] if len(parts) == 7 else None
    _check_days(day, weekday, dialect)
    times = Times(*(sorted(field.numbers) for field in (hour, minute, second)))
    try:
        pattern = Pattern(times, _days(day, month, weekday, year))
    except NeverFiresError:
        raise ValueError("never fires: there is no such day in the calendar") from None
    return Reading(second, minute, hour, day, month, weekday, year, pattern, len(texts))


def _texts(expression: str, dialect: Dialect) -> tuple[list[str], Dialect]:
    """Return the texts of the fields, and by which dialect they are to be read."""
    if len(expression) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters, has {len(expression)}")
    texts = expression.split()
    if texts and texts[0].startswith("@"):
        return _macro(expression.strip().lower()), "standard"
    allowed = (5, 6) if dialect == "standard" else (6, 7)
    if len(texts) not in allowed:
        many = f"{len(texts)} field{'' if len(texts) == 1 else 's'}"
        hint = "; seven are possible in the dialect quartz" if len(texts) == 7 else ""
        raise ValueError(f"{shorten(expression)!r} has {many}; must have {_FORMS[dialect]}{hint}")
    return texts, dialect


def _macro(text: str) -> list[str]:
    if text in MACROS:
        return MACROS[text].split()
    word = text.split(maxsplit=1)[0]
    reason = _REFUSED.get(word)
    known = f"there are: {', '.join(MACROS)}"
    raise ValueError(f"{shorten(word, 20)} is not supported: {reason or known}")


def _fields(texts: list[str], dialect: Dialect) -> list[Field]:
    wanted: tuple[Kind, ...] = _QUARTZ if dialect == "quartz" else _STANDARD
    if len(texts) == 5:
        wanted = wanted[1:]
    found, faults = [], []
    for number, (text, kind) in enumerate(zip(texts, wanted, strict=False), start=1):
        may_be_open = dialect == "quartz" and kind in (kinds.DAY, kinds.QUARTZ_WEEKDAY)
        try:
            found.append(read_field(text, kind, may_be_open=may_be_open))
        except ValueError as error:
            faults.append(f"field {number} ({kind.name}) is {shorten(text, 20)!r}: {error}")
    if faults:
        raise ValueError("; ".join(faults))
    return found


def _check_days(day: Field, weekday: Field, dialect: Dialect) -> None:
    """Refuse pairs of day fields that have no meaning."""
    if dialect == "quartz" and not (day.is_any or weekday.is_any):
        raise ValueError("in the dialect quartz one of the two day fields must be ?")
    if dialect == "quartz" and day.text == weekday.text == "?":
        raise ValueError("only one of the two day fields may be ?")
    own = [item for item in day.specials if _is_own(item)]
    if own and (len(day.specials) > 1 or day.numbers or not weekday.is_any):
        raise ValueError(f"{own[0]} must stand alone in its field, without a weekday")


def _is_own(special: str) -> bool:
    """Return whether the library does not know this way to say a day of the month."""
    return special not in ("L", "LW")


def _days(day: Field, month: Field, weekday: Field, year: Field | None) -> Days:
    own = [item for item in day.specials if _is_own(item)]
    texts = (_candidates(own[0]) if own else _text(day), _text(month), _text(weekday))
    years = None if year is None or year.is_any else year.numbers
    return Days(" ".join(texts), _sieve(own[0]) if own else None, years)


def _text(field: Field) -> str:
    """Return a field as the library reads it: numbers, and its star if it begins with one."""
    if field.is_any:
        return "*"
    items = [*field.specials, *map(str, sorted(field.numbers))]
    # Any field that begins with a star, such as */1, restricts nothing for the library, too.
    first = [field.text.partition(",")[0]] if field.is_starred else []
    return ",".join(first + items)


def _candidates(special: str) -> str:
    """Return the numbers of the days, one of which is meant."""
    if special.endswith("W"):
        number = int(special[:-1])
        days = range(number - 2, number + 3)
    else:
        back = int(special.removeprefix("L-"))
        days = range(28 - back, 32 - back)
    return ",".join(str(day) for day in days if 1 <= day <= 31)


def _sieve(special: str) -> Callable[[date], bool]:
    if special.endswith("W"):
        return functools.partial(_is_nearest_weekday, int(special[:-1]))
    return functools.partial(_is_before_the_last, int(special.removeprefix("L-")))


def _is_before_the_last(back: int, day: date) -> bool:
    return day.day == calendar.monthrange(day.year, day.month)[1] - back


def _is_nearest_weekday(number: int, day: date) -> bool:
    """Return whether a day is Monday to Friday and nearest to this one, in the same month."""
    last = calendar.monthrange(day.year, day.month)[1]
    if number > last or day.weekday() > 4:
        return False
    wanted = day.replace(day=number)
    shift = {5: 2 if number == 1 else -1, 6: -2 if number == last else 1}
    return day == wanted + timedelta(days=shift.get(wanted.weekday(), 0))
