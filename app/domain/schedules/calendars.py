"""The calendar: six lists of numbers, all of which have to fit."""

import functools
from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from app.domain.schedules.pattern import Days as DaysThatFit
from app.domain.schedules.pattern import NeverFiresError, Pattern, Times

#: More numbers than the longest list has; a number given twice counts once.
_MOST = 1000


def _within(low: int, high: int) -> AfterValidator:
    def check(numbers: list[int]) -> list[int]:
        wrong = sorted({number for number in numbers if not low <= number <= high})
        if wrong:
            shown = ", ".join(str(number)[:20] for number in wrong[:5])
            raise ValueError(f"{shown} is out of range; allowed: {low} to {high}")
        return sorted(set(numbers))

    return AfterValidator(check)


_Numbers = Annotated[list[int], Field(max_length=_MOST)]
Years = Annotated[_Numbers, _within(1970, 2099)]
Months = Annotated[_Numbers, _within(1, 12)]
Days = Annotated[_Numbers, _within(1, 31)]
#: From Sunday as 0.
Weekdays = Annotated[_Numbers, _within(0, 6)]
Hours = Annotated[_Numbers, _within(0, 23)]
Minutes = Annotated[_Numbers, _within(0, 59)]

Some = tuple[int, ...]


@functools.lru_cache(maxsize=4096)
def calendar_pattern(dates: tuple[Some, Some, Some, Some], clock: tuple[Some, Some]) -> Pattern:
    """Return the pattern of years, months, days and weekdays, and of hours and minutes.

    An empty list has every number. Raises :class:`ValueError` if no day fits.
    """
    years, months, days, weekdays = dates
    hours, minutes = clock
    times = Times(hours or range(24), minutes or range(60))
    fields = f"{_text(days)} {_text(months)} *"
    keeps = _one_of(frozenset(weekdays)) if weekdays else None
    try:
        return Pattern(times, DaysThatFit(fields, keeps, frozenset(years) or None))
    except NeverFiresError:
        raise ValueError("never fires: there is no such day in the calendar") from None


def _text(numbers: Some) -> str:
    return ",".join(map(str, numbers)) or "*"


def _one_of(weekdays: frozenset[int]) -> Callable[[date], bool]:
    return lambda day: day.isoweekday() % 7 in weekdays
