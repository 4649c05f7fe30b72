"""Time zones: their names, and how the clocks on the wall run in them.

Names are held against the list that the package ``tzdata`` brings along, never against the file
system: a name is a key, not a path.
"""

import difflib
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

#: Of two changes of the clocks in one zone none are nearer to each other since 1970: the nearest
#: are a week apart (a test looks at every zone).
_STEP = timedelta(days=5)
#: No clock was ever turned by more.
_MOST = timedelta(days=2)
_LONGEST = 64
_EXAMPLE = "such as Europe/Berlin, Asia/Ho_Chi_Minh or UTC"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time without a change of the clocks. All moments are naive: UTC, or as on the wall."""

    start: datetime
    end: datetime
    offset: timedelta
    #: What the clock on the wall had shown before ``start``: all times before this one. Later
    #: than the start on the wall if times come again, earlier if some were left out.
    reached: datetime

    @property
    def wall_start(self) -> datetime:
        """Return what the clock shows at the start."""
        return self.start + self.offset


@functools.cache
def zone_names() -> frozenset[str]:
    """Return the names of all time zones."""
    text = resources.files("tzdata").joinpath("zones").read_text(encoding="ascii")
    return frozenset(text.split()) - {"Factory"}


@functools.lru_cache(maxsize=1024)
def check_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises :class:`ValueError` with the nearest names if it is none.
    """
    if name in zone_names():
        return name
    near = nearest_zones(name)
    hint = f"; the nearest names: {', '.join(near)}" if near else ""
    raise ValueError(f"must be an IANA time zone, {_EXAMPLE}{hint}")


def nearest_zones(name: str) -> list[str]:
    """Return at most three names that somebody may have meant."""
    if not 1 <= len(name) <= _LONGEST:
        return []
    wanted = name.replace(" ", "_").lower()
    known = {zone.lower(): zone for zone in zone_names() if not zone.startswith("Etc/")}
    cities = {low.rpartition("/")[2]: low for low in sorted(known, reverse=True)}
    close = difflib.get_close_matches(wanted, known, n=3, cutoff=0.6)
    close += [cities[city] for city in difflib.get_close_matches(wanted, cities, n=3, cutoff=0.75)]
    return [known[low] for low in dict.fromkeys(close)][:3]


def zone_of(name: str) -> ZoneInfo:
    """Return the rules of a zone. Raises :class:`ValueError` if there is none of this name."""
    return ZoneInfo(check_zone(name))


def local(moment: datetime, name: str) -> datetime:
    """Return an aware moment as the clocks of a zone show it."""
    return moment.astimezone(zone_of(name))


def stretches(name: str, start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield the stretches of a zone that meet ``[start, end)``, in naive UTC, in order."""
    for year in range(start.year, end.year + 1):
        yield from (s for s in _of_year(name, year) if s.start < end and s.end > start)


def stretches_backwards(name: str, start: datetime, end: datetime) -> Iterator[Stretch]:
    """Yield the same, the last one first."""
    for year in range(end.year, start.year - 1, -1):
        found = reversed(_of_year(name, year))
        yield from (s for s in found if s.start < end and s.end > start)


@functools.lru_cache(maxsize=8192)
def _of_year(name: str, year: int) -> tuple[Stretch, ...]:
    """Return the stretches of one year of UTC, parted also at its ends."""
    first, last = datetime(year, 1, 1), datetime(year + 1, 1, 1)  # noqa: DTZ001
    zone = zone_of(name)
    start = first - _MOST
    points = [start, *_changes(zone, start, last), last]
    reached = start + _offset(zone, start)
    found = []
    for begin, end in itertools.pairwise(points):
        offset = _offset(zone, begin)
        if end > first:
            # Parted by the turn of the year only, a stretch goes on as it went.
            cut = max(begin, first)
            so_far = reached if begin >= first else max(reached, cut + offset)
            found.append(Stretch(cut, end, offset, so_far))
        reached = max(reached, end + offset)
    return tuple(found)


def _changes(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the moments within ``(start, end)`` at which the clocks are changed."""
    old = _offset(zone, start)
    while start < end:
        step = min(start + _STEP, end)
        new = _offset(zone, step)
        if new != old:
            change = _change(zone, start, step)
            if change < end:
                yield change
        start, old = step, new


def _change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """Return the first second with the offset of ``high``."""
    old = _offset(zone, low)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(zone, middle) == old else (low, middle)
    return high


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return offset or timedelta(0)


def present(name: str, moment: datetime) -> dict[str, str]:
    """Return a zone as it is at a moment: its short name, its IANA name, its offset."""
    there = moment.astimezone(zone_of(name))
    offset = there.isoformat()[-6:] if there.utcoffset() else "+00:00"
    return {"name": there.tzname() or name, "iana": name, "offset": offset}


@functools.lru_cache(maxsize=1)
def all_present(hour: datetime) -> list[dict[str, str]]:
    """Return all zones, by name, as they are at a full hour; the last answer is remembered."""
    return [present(name, hour) for name in sorted(zone_names())]
