"""What a schedule is going to do: its next due moments, and the changes of the clocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.schedules.models import Calendar, Cron, Once, OnTheWall, Schedule
from app.domain.schedules.phrases import LANGUAGES, Language
from app.domain.schedules.zones import Stretch, local, stretches

MOST_MOMENTS = 100
#: At least so many changes of the clocks are shown, and at most that many.
_AT_LEAST, _AT_MOST = 2, 20
_AHEAD = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Due:
    """A due moment in UTC and as on the wall, and the blackout it is in."""

    utc: datetime
    local: datetime
    blackout: str | None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of the clocks. ``before`` and ``after`` are what they show at that moment."""

    at: datetime
    before: datetime
    after: datetime
    #: ``none``, ``real_time``, ``moved``, ``left_out``, ``first`` or ``both``.
    effect: str

    @property
    def kind(self) -> str:
        """Return whether times are left out (gap) or come twice (overlap)."""
        return "gap" if self.after > self.before else "overlap"

    def describe(self, language: Language = "en") -> str:
        """Return what happens to the schedule, in words."""
        is_same_day = self.before.date() == self.after.date()
        form = "%H:%M" if is_same_day else "%Y-%m-%d %H:%M"
        text = LANGUAGES[language].effects[self.effect]
        return text.format(self.before.strftime(form), self.after.strftime(form))


@dataclass(frozen=True, slots=True)
class Preview:
    """The next due moments, and the changes of the clocks until the last of them or later."""

    due: tuple[Due, ...]
    transitions: tuple[Transition, ...]


def preview(
    schedule: Schedule, moment: datetime, count: int, anchor: datetime | None = None
) -> Preview:
    """Return the next ``count`` due moments after ``moment`` (100 at most), and what is around.

    After a fixed delay each execution is taken to last no time.
    """
    zone = schedule.timezone
    due = tuple(
        Due(found, local(found, zone), _blackout(schedule, found))
        for found in _moments(schedule, moment, min(count, MOST_MOMENTS), anchor)
    )
    last = due[-1].utc if due else moment
    return Preview(due, tuple(transitions(schedule, moment, last)))


def transitions(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Transition]:
    """Yield the changes of the clocks in a range, or the next two if these are later."""
    begin, stop = (m.astimezone(UTC).replace(tzinfo=None) for m in (start, end))
    number = 0
    for stretch in stretches(schedule.timezone, begin, max(stop, begin + _AHEAD)):
        is_asked = number < _AT_LEAST or (stretch.start <= stop and number < _AT_MOST)
        if stretch.start <= begin or stretch.reached == stretch.wall_start or not is_asked:
            continue
        number += 1
        yield Transition(
            stretch.start.replace(tzinfo=UTC),
            stretch.reached,
            stretch.wall_start,
            _effect(schedule, stretch),
        )


def _moments(
    schedule: Schedule, moment: datetime, count: int, anchor: datetime | None
) -> Iterator[datetime]:
    if isinstance(schedule, Once):
        if schedule.scheduled_at is not None and schedule.scheduled_at > moment:
            yield schedule.scheduled_at
        return
    count = min(count, schedule.max_runs or count)
    due = schedule.next_after(moment, anchor)
    anchor = anchor or schedule.starts_at or due
    while due is not None and count:
        yield due
        due, count = schedule.next_after(due, anchor), count - 1


def _blackout(schedule: Schedule, moment: datetime) -> str | None:
    found = schedule.blackout_at(moment)
    return None if found is None else found.describe()


def _effect(schedule: Schedule, stretch: Stretch) -> str:
    if not isinstance(schedule, Cron | Calendar):
        return "real_time"
    if schedule.is_real_time:
        return "real_time"
    return _effect_on_the_wall(schedule, stretch)


def _effect_on_the_wall(schedule: OnTheWall, stretch: Stretch) -> str:
    low, high = sorted((stretch.reached, stretch.wall_start))
    if schedule.pattern().first(low, high) is None:
        return "none"
    if stretch.wall_start > stretch.reached:
        return "moved" if schedule.dst.gap == "next" else "left_out"
    return schedule.dst.overlap
