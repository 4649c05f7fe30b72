"""The day around now: twelve hours back and twelve ahead, in quarters of an hour."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app.domain.clock import now
from app.services import timeline

_QUARTER: Final = timedelta(minutes=15)
_HALF: Final = timedelta(hours=12)
_DAY: Final = timedelta(hours=24)
_AN_HOUR: Final = 4
Bucket = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Day:
    """The buckets of the last day and of the next twelve hours."""

    buckets: list[Bucket]
    planned_until: datetime
    planned_next_hour: int

    @property
    def past(self) -> list[Bucket]:
        """The last day and the quarter of an hour that has begun."""
        return self.buckets[: _DAY // _QUARTER + 1]

    @property
    def hours(self) -> list[Bucket]:
        """The last day by the hour, the oldest first; the last is the one up to now."""
        found = []
        for end in range(len(self.past), _AN_HOUR - 1, -_AN_HOUR):
            some = self.past[end - _AN_HOUR : end]
            sums = {name: sum(one[name] for one in some) for name in ("completed", "failed")}
            found.append({"at": some[0]["at"], **sums})
        return found[::-1]

    def ended(self, name: str) -> int:
        """Return how many ended in this way within the last day."""
        return sum(int(bucket[name]) for bucket in self.past)

    def wire(self) -> dict[str, Any]:
        """Return the 96 buckets around now."""
        first = (_DAY - _HALF) // _QUARTER
        return {
            "buckets": self.buckets[first:],
            "bucket_seconds": int(_QUARTER.total_seconds()),
            "planned_until": self.planned_until,
        }


def quarter(moment: datetime) -> datetime:
    """Return when the quarter of an hour began in which a moment is."""
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % _QUARTER


def day(session: Session, project_id: str | None) -> Day:
    """Return the day around now."""
    here = quarter(now())
    buckets = timeline.Buckets(here - _DAY, here + _HALF, _QUARTER.seconds)
    rows, plan = timeline.filled(session, buckets, project_id)
    hour = now() + timedelta(hours=1)
    return Day(rows, plan.until, sum(moment["at"] <= hour for moment in plan.moments))
