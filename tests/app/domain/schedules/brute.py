"""Due moments found by brute force: every step of real time is looked at, nothing is computed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
Fits = Callable[[datetime], bool]


def due_moments(
    fits: Fits,
    zone: str,
    span: tuple[datetime, datetime],
    *,
    rules: Mapping[str, object],
    step: timedelta = MINUTE,
) -> list[datetime]:
    """Return what is due in a span by the rules for changed clocks, told naively."""
    real, gap, overlap = rules.get("real"), rules.get("gap"), rules.get("overlap")
    clock = ZoneInfo(zone)
    shown: set[datetime] = set()
    latest = None
    found = []
    for moment in steps(*span, step):
        wall = moment.astimezone(clock).replace(tzinfo=None)
        is_due = fits(wall) and (real or overlap == "both" or wall not in shown)
        if latest is not None and not real and gap != "skip":
            missing = steps(latest + step, wall, step)
            is_due = is_due or any(fits(time) for time in missing)
        if is_due:
            found.append(moment)
        shown.add(wall)
        latest = wall if latest is None else max(latest, wall)
    return found


def steps(start: datetime, end: datetime, step: timedelta) -> Iterator[datetime]:
    """Yield the moments from start to before end."""
    while start < end:
        yield start
        start += step


def changes(zone: str, first: int, last: int) -> list[datetime]:
    """Return the moments at which the clocks of a zone are changed, from one year to another."""
    clock = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta | None:
        return moment.astimezone(clock).utcoffset()

    found = []
    low, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    old = offset(low)
    while low < end:
        high = low + timedelta(days=5)
        new = offset(high)
        if new != old:
            left, right = low, high
            while right - left > timedelta(seconds=1):
                middle = left + (right - left) / 2
                middle = middle.replace(microsecond=0)
                left, right = (middle, right) if offset(middle) == old else (left, middle)
            found.append(right)
        low, old = high, new
    return found
