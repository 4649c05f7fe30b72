"""The kinds of schedules."""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_serializer,
    model_validator,
)

from app.domain.clock import to_wire
from app.domain.schedules.calendars import (
    Days,
    Hours,
    Minutes,
    Months,
    Weekdays,
    Years,
    calendar_pattern,
)
from app.domain.schedules.courses import Course, Grid, Single, WallCourse
from app.domain.schedules.cron import Dialect, Reading, read_cron
from app.domain.schedules.pattern import Pattern
from app.domain.schedules.rules import Moment, Rule, Seconds, naive_utc

#: What to do about due moments that passed while nobody could dispatch them.
Misfire = Literal["skip", "latest", "all"]


class Dst(BaseModel):
    """What happens to times of the clock that do not exist, or exist twice."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    gap: Literal["next", "skip"] = "next"
    overlap: Literal["first", "both"] = "first"


class Manual(Rule):
    """Never due by itself."""

    is_recurring: ClassVar[bool] = False

    type: Literal["manual"] = "manual"

    def _course(self, after: datetime, anchor: datetime | None) -> Course:
        del after, anchor
        return Single(None)


class Once(Rule):
    """Due at one moment, which is the job's own ``scheduled_at``."""

    is_recurring: ClassVar[bool] = False

    type: Literal["once"] = "once"
    scheduled_at: Moment | None = Field(
        default=None, validation_alias=AliasChoices("scheduled_at", "execute_at")
    )

    @field_serializer("scheduled_at", when_used="unless-none")
    def _written_at(self, moment: datetime) -> str:
        return to_wire(moment)

    def _course(self, after: datetime, anchor: datetime | None) -> Course:
        del after, anchor
        return Single(None)


class FixedRate(Rule):
    """Due at one distance from the first fire, however long the executions take."""

    type: Literal["fixed_rate"] = "fixed_rate"
    interval_seconds: Seconds

    def _course(self, after: datetime, anchor: datetime | None) -> Course:
        distance = timedelta(seconds=self.interval_seconds)
        return Grid(naive_utc(anchor or self.starts_at or after + distance), distance)


class FixedDelay(Rule):
    """Due so long after the end of the last execution."""

    type: Literal["fixed_delay"] = "fixed_delay"
    delay_seconds: Seconds

    def _course(self, after: datetime, anchor: datetime | None) -> Course:
        del anchor
        due = after + timedelta(seconds=self.delay_seconds)
        return Single(naive_utc(max(due, self.starts_at or due)))


class OnTheWall(Rule):
    """Due at times of a wall clock."""

    dst: Dst = Field(default_factory=Dst)

    @abstractmethod
    def pattern(self) -> Pattern:
        """Return the times of the clock."""

    @property
    @abstractmethod
    def is_real_time(self) -> bool:
        """Return whether the hours are not chosen: then the clocks' changes don't matter."""

    def _course(self, after: datetime, anchor: datetime | None) -> Course:
        del after, anchor
        real = self.is_real_time
        return WallCourse(
            self.pattern(),
            self.timezone,
            makes_up=not real and self.dst.gap == "next",
            repeats=real or self.dst.overlap == "both",
        )


def _check_expression(expression: str, info: ValidationInfo) -> str:
    if "dialect" in info.data:
        read_cron(expression, info.data["dialect"])
    return expression


class Cron(OnTheWall):
    """Due by a cron expression."""

    type: Literal["cron"] = "cron"
    dialect: Dialect = "standard"
    expression: Annotated[str, AfterValidator(_check_expression)]

    def reading(self) -> Reading:
        """Return the expression that was read."""
        return read_cron(self.expression, self.dialect)

    def pattern(self) -> Pattern:
        """Return the times of the clock."""
        return self.reading().pattern

    @property
    def is_real_time(self) -> bool:
        """Return whether the hour is ``*``."""
        return self.reading().is_real_time


class Calendar(OnTheWall):
    """Due at each minute that all lists have; a list that is empty or missing has all."""

    type: Literal["calendar"] = "calendar"
    years: Years | None = None
    months: Months | None = None
    days: Days | None = None
    weekdays: Weekdays | None = None
    hours: Hours | None = None
    minutes: Minutes | None = None

    @model_validator(mode="after")
    def _fires(self) -> Self:
        self.pattern()
        return self

    def pattern(self) -> Pattern:
        """Return the times of the clock."""
        dates = (self.years, self.months, self.days, self.weekdays)
        years, months, days, weekdays = (tuple(numbers or ()) for numbers in dates)
        clock = (tuple(self.hours or ()), tuple(self.minutes or ()))
        return calendar_pattern((years, months, days, weekdays), clock)

    @property
    def is_real_time(self) -> bool:
        """Return whether no hours are given."""
        return not self.hours


Schedule = Once | Cron | FixedRate | FixedDelay | Calendar | Manual
