"""What all kinds of schedules have."""

import hashlib
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_serializer,
    field_validator,
)

from app.domain.clock import to_wire
from app.domain.schedules import blackouts
from app.domain.schedules.blackouts import Blackout, Window
from app.domain.schedules.courses import Course
from app.domain.schedules.once import parse_moment
from app.domain.schedules.pattern import LAST_YEAR
from app.domain.schedules.zones import check_zone

LONGEST_INTERVAL_SECONDS = 366 * 24 * 3600
LONGEST_JITTER_SECONDS = 24 * 3600
MOST_RUNS = 1_000_000_000
#: No due moment is looked for beyond: rarer days than the rarest of the calendar.
_HORIZON = timedelta(days=51 * 366)
_TICK = timedelta(microseconds=1)


def _read_moment(value: object, info: ValidationInfo) -> object:
    """Return the moment that a text names; the context has ``now`` and ``zone``."""
    if not isinstance(value, str) or info.context is None:
        return value
    return parse_moment(value, info.context["now"], info.context["zone"])


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("must say its time zone")
    if not 1970 <= moment.year <= LAST_YEAR:
        raise ValueError(f"must be from 1970 to {LAST_YEAR}")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, BeforeValidator(_read_moment), AfterValidator(_in_utc)]
Zone = Annotated[str, AfterValidator(check_zone)]
Seconds = Annotated[int, Field(ge=1, le=LONGEST_INTERVAL_SECONDS)]


class Rule(BaseModel, ABC):
    """What all schedules have. Moments go in and out aware, in UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)

    is_recurring: ClassVar[bool] = True

    type: str
    timezone: Zone = "UTC"
    starts_at: Moment | None = None
    ends_at: Moment | None = Field(
        default=None, validation_alias=AliasChoices("ends_at", "end_date")
    )
    max_runs: int | None = Field(default=None, ge=1, le=MOST_RUNS)
    jitter_seconds: int = Field(default=0, ge=0, le=LONGEST_JITTER_SECONDS)
    blackouts: list[Window] = Field(default_factory=list, max_length=blackouts.MOST)

    @field_validator("ends_at")
    @classmethod
    def _in_order(cls, ends_at: datetime | None, info: ValidationInfo) -> datetime | None:
        starts_at = info.data.get("starts_at")
        if ends_at is not None and starts_at is not None and ends_at < starts_at:
            raise ValueError("must not be before starts_at")
        return ends_at

    @field_serializer("starts_at", "ends_at", when_used="unless-none")
    def _written(self, moment: datetime) -> str:
        return to_wire(moment)

    def next_after(self, moment: datetime, anchor: datetime | None = None) -> datetime | None:
        """Return the first due moment after ``moment``, within starts_at and ends_at (included).

        ``anchor`` is the first fire of a fixed rate; without one it is starts_at, or else one
        interval after ``moment``. For a fixed delay ``moment`` is the end of the last execution.
        Blackouts, max_runs and jitter are the caller's.
        """
        if moment.year >= LAST_YEAR:
            return None
        course = self._course(moment, anchor)
        found = course.first(*self._range(moment, moment + _HORIZON))
        return None if found is None else found.replace(tzinfo=UTC)

    def last_before(
        self, moment: datetime, after: datetime, anchor: datetime | None = None
    ) -> datetime | None:
        """Return the last due moment that is after ``after`` and not after ``moment``."""
        found = self._course(after, anchor).last(*self._range(after, moment))
        return None if found is None else found.replace(tzinfo=UTC)

    def count_between(
        self, after: datetime, until: datetime, anchor: datetime | None = None
    ) -> int:
        """Return how many due moments are after ``after`` and not after ``until``."""
        return self._course(after, anchor).count(*self._range(after, until))

    def blackout_at(self, moment: datetime) -> Blackout | None:
        """Return the blackout that a moment is in."""
        return blackouts.blackout_at(self.blackouts, self.timezone, moment)

    def jitter_for(self, job_id: str) -> timedelta:
        """Return how much later than due this job begins: always the same for one job."""
        if not self.jitter_seconds:
            return timedelta(0)
        number = int.from_bytes(hashlib.sha256(job_id.encode()).digest()[:8])
        return timedelta(milliseconds=number % (self.jitter_seconds * 1000))

    @abstractmethod
    def _course(self, after: datetime, anchor: datetime | None) -> Course:
        """Return the due moments without regard to starts_at and ends_at."""

    def _range(self, after: datetime, until: datetime) -> tuple[datetime, datetime]:
        """Return (after, until] within the bounds as [start, end) in naive UTC.

        An empty range if there is nothing left.
        """
        start = after + _TICK
        if self.starts_at is not None:
            start = max(start, self.starts_at)
        end = until if self.ends_at is None else min(until, self.ends_at)
        return naive_utc(start), max(naive_utc(end) + _TICK, naive_utc(start))


def naive_utc(moment: datetime) -> datetime:
    """Return an aware moment in UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
