"""What is allowed in a schedule, but perhaps not meant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from app.domain.decisions import Told, say
from app.domain.schedules.cron import Reading
from app.domain.schedules.models import Calendar, Cron, FixedRate, Schedule
from app.domain.schedules.phrases import ENGLISH, VIETNAMESE
from app.domain.schedules.words import length
from app.domain.schedules.zones import local

_HOUR = timedelta(hours=1)
_YEAR = timedelta(days=366)
#: So many fires in one hour are worth a word.
_MANY = 60


def notes(schedule: Schedule, moment: datetime) -> list[Told]:
    """Return what may not be meant, as seen from ``moment``: codes, values and sentences."""
    return [*_of_fields(schedule), *_of_fires(schedule, moment.astimezone(UTC))]


def warnings(schedule: Schedule, moment: datetime) -> list[str]:
    """Return sentences about what may not be meant, as seen from ``moment``."""
    return [note["text"] for note in notes(schedule, moment)]


def _of_fields(schedule: Schedule) -> Iterator[Told]:
    if not isinstance(schedule, Cron):
        return
    reading = schedule.reading()
    if schedule.dialect == "standard" and reading.size == 6:
        yield say("note_six_fields", fields=_as_read(reading))
    if reading.has_either_day:
        yield say("note_either_day")


def _as_read(reading: Reading) -> str:
    names = ("second", "minute", "hour", "day", "month", "weekday")
    return ", ".join(f"{name} {getattr(reading, name).text}" for name in names)


def _of_fires(schedule: Schedule, moment: datetime) -> Iterator[Told]:
    if not schedule.is_recurring:
        return
    first = schedule.next_after(moment)
    if first is None:
        yield say("note_never")
        return
    if first - max(moment, schedule.starts_at or moment) > _YEAR:
        yield say("note_rarely", next=local(first, schedule.timezone).isoformat())
    yield from _of_rate(schedule, first)
    yield from _of_jitter(schedule, first)
    if _is_all_black(schedule, first):
        yield say("note_all_black")


def _of_rate(schedule: Schedule, first: datetime) -> Iterator[Told]:
    if isinstance(schedule, FixedRate):
        count = 3600 // schedule.interval_seconds
        if count > _MANY:
            yield say("note_hourly", count=f"{count:,}")
    if not isinstance(schedule, Cron | Calendar):
        return
    start = first - timedelta(microseconds=1)
    count = schedule.count_between(start, start + _HOUR)
    if count > _MANY:
        begin, end = (local(m, schedule.timezone) for m in (first, first + _HOUR))
        yield say("note_burst", count=f"{count:,}", begin=f"{begin:%H:%M}", end=f"{end:%H:%M}")


def _of_jitter(schedule: Schedule, first: datetime) -> Iterator[Told]:
    if not schedule.jitter_seconds:
        return
    nearest = min((b - a for a, b in pairwise(_upcoming(schedule, first, 20))), default=None)
    if nearest is not None and timedelta(seconds=schedule.jitter_seconds) > nearest:
        yield say(
            "note_jitter",
            jitter=_length(schedule.jitter_seconds),
            interval=_length(int(nearest.total_seconds())),
        )


def _length(seconds: int) -> dict[str, str]:
    return {"en": length(seconds, ENGLISH), "vi": length(seconds, VIETNAMESE)}


def _is_all_black(schedule: Schedule, first: datetime) -> bool:
    if not schedule.blackouts:
        return False
    return all(schedule.blackout_at(due) for due in _upcoming(schedule, first, 100))


def _upcoming(schedule: Schedule, first: datetime, count: int) -> Iterator[datetime]:
    anchor = schedule.starts_at or first
    due: datetime | None = first
    while due is not None and count:
        yield due
        due, count = schedule.next_after(due, anchor), count - 1
