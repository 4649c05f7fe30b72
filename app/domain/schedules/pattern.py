"""Patterns of times on a wall clock that is never changed: which seconds of which days.

Counting and searching go by days, never by single seconds, so that a year of every second is as
quick as a year of mornings.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cronsim import CronSim, CronSimError

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
#: The library looks so many years ahead; the rarest days (a Friday, 29 February, around 2100)
#: are 40 years apart.
_YEARS_AHEAD = 50
LAST_YEAR = 9900


class NeverFiresError(ValueError):
    """No day of the calendar fits."""


class Times:
    """The times of a day: every combination of these hours, minutes and seconds."""

    def __init__(
        self, hours: Sequence[int], minutes: Sequence[int], seconds: Sequence[int] = (0,)
    ) -> None:
        self.hours, self.minutes, self.seconds = sorted(hours), sorted(minutes), sorted(seconds)
        self._per_hour = len(minutes) * len(seconds)
        self.total = len(hours) * self._per_hour

    def before(self, second: int) -> int:
        """Return how many of the times are earlier than this second of the day (0 to 86400)."""
        hour, minute = divmod(second // 60, 60)
        place = bisect_left(self.hours, hour)
        count = place * self._per_hour
        if place == len(self.hours) or self.hours[place] != hour:
            return count
        place = bisect_left(self.minutes, minute)
        count += place * len(self.seconds)
        if place == len(self.minutes) or self.minutes[place] != minute:
            return count
        return count + bisect_left(self.seconds, second % 60)

    def at(self, index: int) -> timedelta:
        """Return the time with so many before it."""
        hour, rest = divmod(index, self._per_hour)
        minute, second = divmod(rest, len(self.seconds))
        return timedelta(
            hours=self.hours[hour], minutes=self.minutes[minute], seconds=self.seconds[second]
        )


class Days:
    """The days that fit: three fields of cron, and what these can't say.

    ``fields`` are the day of the month, the month and the weekday as the library reads them.
    Raises :class:`NeverFiresError` if there is no such day.
    """

    def __init__(
        self,
        fields: str,
        keeps: Callable[[date], bool] | None = None,
        years: frozenset[int] | None = None,
    ) -> None:
        self._expression = f"0 0 0 {fields}"
        self._keeps, self._years = keeps, years
        try:
            self._library = CronSim(self._expression, datetime(2000, 1, 1))  # noqa: DTZ001
        except CronSimError:
            raise NeverFiresError from None
        self.is_every = fields == "* * *" and keeps is None and years is None
        if self.first(date(1970, 1, 1), date(LAST_YEAR, 1, 1)) is None:
            raise NeverFiresError

    def fit(self, day: date) -> bool:
        """Return whether a day fits."""
        if self.is_every:
            return True
        fits = day.month in self._library.months and self._library.match_day(day)
        return fits and self._is_kept(day)

    def first(self, low: date, high: date) -> date | None:
        """Return the first fitting day from ``low`` to ``high``, both included."""
        if self._years is not None and low.year not in self._years:
            later = min((year for year in self._years if year > low.year), default=None)
            return None if later is None else self.first(date(later, 1, 1), high)
        for day in self._from(low):
            if day > high:
                break
            if self._years is not None and day.year not in self._years:
                return self.first(day, high)
            if self._is_kept(day):
                return day
            if day.year > low.year + _YEARS_AHEAD:
                break
        return None

    def last(self, low: date, high: date) -> date | None:
        """Return the last fitting day from ``low`` to ``high``, both included."""
        midnight = datetime.combine(high + _DAY, time())
        library = CronSim(self._expression, midnight, reverse=True)
        found = next(library).date()
        while found >= low and not self._is_kept(found):
            found = next(library).date()
        return found if found >= low else None

    def count(self, low: date, high: date) -> int:
        """Return how many days fit from ``low`` to before ``high``."""
        length = max((high - low).days, 0)
        if self.is_every:
            return length
        return sum(self.fit(low + timedelta(days=number)) for number in range(length))

    def _from(self, low: date) -> Iterator[date]:
        if self.fit(low):
            yield low
        for found in CronSim(self._expression, datetime.combine(low, time())):
            yield found.date()

    def _is_kept(self, day: date) -> bool:
        in_year = self._years is None or day.year in self._years
        return in_year and (self._keeps is None or self._keeps(day))


@dataclass(frozen=True, slots=True)
class Pattern:
    """These times on these days. Ranges of naive moments exclude their end."""

    times: Times
    days: Days

    def fits(self, wall: datetime) -> bool:
        """Return whether a whole second fits."""
        return self.first(wall, wall + _SECOND) is not None

    def first(self, start: datetime, end: datetime) -> datetime | None:
        """Return the first fitting moment of a range."""
        if start >= end:
            return None
        day, second = _parts(start)
        index = self.times.before(second)
        if index == self.times.total:
            day, index = day + _DAY, 0
        if not self.days.fit(day):
            later = self.days.first(day, end.date())
            if later is None:
                return None
            day, index = later, 0
        found = _moment(day, self.times.at(index))
        return found if found < end else None

    def last(self, start: datetime, end: datetime) -> datetime | None:
        """Return the last fitting moment of a range."""
        if start >= end:
            return None
        day, second = _parts(end)
        index = self.times.before(second) - 1
        if index < 0:
            day, index = day - _DAY, self.times.total - 1
        if not self.days.fit(day):
            earlier = self.days.last(start.date(), day)
            if earlier is None:
                return None
            day, index = earlier, self.times.total - 1
        found = _moment(day, self.times.at(index))
        return found if found >= start else None

    def count(self, start: datetime, end: datetime) -> int:
        """Return how many moments of a range fit."""
        if start >= end:
            return 0
        (first, begin), (last, stop) = _parts(start), _parts(end)
        whole = self.days.count(first, last) * self.times.total
        head = self.times.before(begin) if self.days.fit(first) else 0
        tail = self.times.before(stop) if self.days.fit(last) else 0
        return whole - head + tail


def _parts(moment: datetime) -> tuple[date, int]:
    """Return the day, and the second of the day rounded up: 86400 after the last one."""
    second = moment.hour * 3600 + moment.minute * 60 + moment.second
    return moment.date(), second + (moment.microsecond > 0)


def _moment(day: date, clock: timedelta) -> datetime:
    return datetime.combine(day, time()) + clock
