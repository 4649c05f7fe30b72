"""Blackouts: times in which a schedule's due moments are left out."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    field_serializer,
    model_validator,
)

from app.domain.schedules.zones import local, stretches

MOST = 100
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DAY = timedelta(days=1)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def _read_date(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            found = date.fromisoformat(value)
        except ValueError:
            raise ValueError("is not a day of the calendar") from None
        if 1970 <= found.year <= 2999:
            return found
    raise ValueError("must be a date from 1970 to 2999, such as 2030-12-24")


def _check_clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("must be a time from 00:00 to 24:00, such as 22:30")
    return text


def _check_weekdays(numbers: list[int]) -> list[int]:
    if any(not 0 <= number <= 6 for number in numbers):
        raise ValueError("must be numbers of weekdays: 0 (Sunday) to 6 (Saturday)")
    return sorted(set(numbers))


Day = Annotated[date, BeforeValidator(_read_date)]
Clock = Annotated[str, AfterValidator(_check_clock)]
Weekdays = Annotated[list[int], Field(max_length=100), AfterValidator(_check_weekdays)]


class Dates(BaseModel):
    """Whole days in the zone of the schedule, both ends included."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    begin: Day = Field(alias="from", description="The first day, such as 2030-12-24.")
    end: Day = Field(alias="to", description="The last day, which is included.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.begin:
            raise ValueError("to must not be before from")
        return self

    @field_serializer("begin", "end")
    def _written(self, day: date) -> str:
        return day.isoformat()

    def until(self, wall: datetime) -> datetime | None:
        """Return when a time on the wall is over that this has; ``None`` if it has it not."""
        if not self.begin <= wall.date() <= self.end:
            return None
        return datetime.combine(self.end + _DAY, time())

    def describe(self) -> str:
        """Return what this is, in words."""
        if self.begin == self.end:
            return f"on {self.begin}"
        return f"from {self.begin} to {self.end}"


class Weekly(BaseModel):
    """A window of the clock on some days of each week, also over midnight."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    weekdays: Weekdays | None = Field(
        default=None, description="On which days it begins, 0 is Sunday; each day when empty."
    )
    begin: Clock = Field(alias="from", description="When it begins, such as 22:00.")
    end: Clock = Field(
        alias="to", description="When it ends; not after the beginning: on the next day."
    )

    @model_validator(mode="after")
    def _leaves_something(self) -> Self:
        if len(self._days) == 7 and (self._length == _DAY):
            raise ValueError("leaves no time of the week to run")
        return self

    def until(self, wall: datetime) -> datetime | None:
        """Return when the window is over that a time on the wall is in; ``None`` if in none."""
        for day in (wall.date(), wall.date() - _DAY):
            start = datetime.combine(day, time()) + self._start
            if day.isoweekday() % 7 in self._days and start <= wall < start + self._length:
                return start + self._length
        return None

    def describe(self) -> str:
        """Return what this is, in words."""
        names = ", ".join(_WEEKDAYS[day] for day in sorted(self._days))
        days = "every day" if len(self._days) == 7 else f"on {names}"
        return f"{days} from {self.begin} to {self.end}"

    @property
    def _days(self) -> frozenset[int]:
        return frozenset(self.weekdays or range(7))

    @property
    def _start(self) -> timedelta:
        return _since_midnight(self.begin)

    @property
    def _length(self) -> timedelta:
        length = _since_midnight(self.end) - self._start
        return length if length > timedelta(0) else length + _DAY


def _since_midnight(text: str) -> timedelta:
    return timedelta(hours=int(text[:2]), minutes=int(text[3:]))


def _form(value: object) -> str:
    given = value if isinstance(value, dict) else {}
    if isinstance(value, Weekly) or "weekdays" in given or ":" in str(given.get("from", "")):
        return WEEKLY
    return DATES


DATES = "date range"
WEEKLY = "weekly window"
Window = Annotated[
    Annotated[Dates, Tag(DATES)] | Annotated[Weekly, Tag(WEEKLY)], Discriminator(_form)
]


@dataclass(frozen=True, slots=True)
class Blackout:
    """A blackout in its zone."""

    window: Dates | Weekly
    zone: str

    def holds(self, moment: datetime) -> bool:
        """Return whether an aware moment is in the blackout."""
        return self.window.until(_wall(moment, self.zone)) is not None

    def ends_at(self, moment: datetime) -> datetime:
        """Return the first moment outside, from one within; a later one may be inside again."""
        start = moment.astimezone(UTC).replace(tzinfo=None)
        while True:
            stretch = next(stretches(self.zone, start, start + _DAY))
            end = self.window.until(start + stretch.offset)
            if end is None:
                return start.replace(tzinfo=UTC)
            start = min(end - stretch.offset, stretch.end)

    def describe(self) -> str:
        """Return what this is, in words."""
        return f"{self.window.describe()} ({self.zone})"


def blackout_at(windows: Sequence[Dates | Weekly], zone: str, moment: datetime) -> Blackout | None:
    """Return the first of the windows that an aware moment is in."""
    found = (Blackout(window, zone) for window in windows)
    return next((blackout for blackout in found if blackout.holds(moment)), None)


def _wall(moment: datetime, zone: str) -> datetime:
    return local(moment, zone).replace(tzinfo=None)
