"""Courses: the due moments of a schedule on the line of real time, without its bounds.

All moments here are naive UTC; ranges exclude their end. This is the layer that knows what
happens when the clocks are changed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.schedules.pattern import Pattern
from app.domain.schedules.zones import Stretch, stretches, stretches_backwards


class Course(Protocol):
    """Due moments that can be searched and counted."""

    def first(self, start: datetime, end: datetime) -> datetime | None:
        """Return the first due moment of a range."""

    def last(self, start: datetime, end: datetime) -> datetime | None:
        """Return the last due moment of a range."""

    def count(self, start: datetime, end: datetime) -> int:
        """Return how many due moments a range has."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch as far as it is asked for, on the wall, and what is due before it begins."""

    start: datetime
    end: datetime
    offset: timedelta
    #: The first moment after a gap in which something fell due.
    made_up: datetime | None


@dataclass(frozen=True, slots=True)
class WallCourse:
    """A pattern of times on the wall clock of a zone.

    ``makes_up``: what falls into a gap is due once, at the first moment after it.
    ``repeats``: times that the clock shows twice are due twice.
    """

    pattern: Pattern
    zone: str
    makes_up: bool
    repeats: bool

    def first(self, start: datetime, end: datetime) -> datetime | None:
        """Return the first due moment of a range."""
        for stretch in stretches(self.zone, start, end):
            part = self._part(stretch, start, end)
            if part.made_up is not None:
                return part.made_up
            found = self.pattern.first(part.start, part.end)
            if found is not None:
                return found - part.offset
        return None

    def last(self, start: datetime, end: datetime) -> datetime | None:
        """Return the last due moment of a range."""
        for stretch in stretches_backwards(self.zone, start, end):
            part = self._part(stretch, start, end)
            found = self.pattern.last(part.start, part.end)
            if found is not None:
                return found - part.offset
            if part.made_up is not None:
                return part.made_up
        return None

    def count(self, start: datetime, end: datetime) -> int:
        """Return how many due moments a range has."""
        return sum(
            self.pattern.count(part.start, part.end) + (part.made_up is not None)
            for part in self._parts(start, end)
        )

    def _parts(self, start: datetime, end: datetime) -> Iterator[_Part]:
        return (self._part(found, start, end) for found in stretches(self.zone, start, end))

    def _part(self, stretch: Stretch, start: datetime, end: datetime) -> _Part:
        begin = max(stretch.start, start) + stretch.offset
        if not self.repeats:
            begin = max(begin, stretch.reached)
        due = stretch.start >= start and self._falls_into_the_gap(stretch)
        until = min(stretch.end, end) + stretch.offset
        return _Part(begin, until, stretch.offset, stretch.start if due else None)

    def _falls_into_the_gap(self, stretch: Stretch) -> bool:
        if not self.makes_up or stretch.reached >= stretch.wall_start:
            return False
        missed = self.pattern.first(stretch.reached, stretch.wall_start)
        return missed is not None and not self.pattern.fits(stretch.wall_start)


@dataclass(frozen=True, slots=True)
class Grid:
    """Moments at one distance from each other, from the anchor on; they never drift."""

    anchor: datetime
    distance: timedelta

    def first(self, start: datetime, end: datetime) -> datetime | None:
        """Return the first due moment of a range."""
        found = self.anchor + self._before(start) * self.distance
        return found if found < end else None

    def last(self, start: datetime, end: datetime) -> datetime | None:
        """Return the last due moment of a range."""
        found = self.anchor + (self._before(end) - 1) * self.distance
        return found if max(start, self.anchor) <= found else None

    def count(self, start: datetime, end: datetime) -> int:
        """Return how many due moments a range has."""
        return max(self._before(end) - self._before(start), 0)

    def _before(self, moment: datetime) -> int:
        """Return how many moments are earlier."""
        return max(-((self.anchor - moment) // self.distance), 0)


@dataclass(frozen=True, slots=True)
class Single:
    """One due moment, or none."""

    due: datetime | None

    def first(self, start: datetime, end: datetime) -> datetime | None:
        """Return the due moment if the range has it."""
        return self.due if self.due is not None and start <= self.due < end else None

    last = first

    def count(self, start: datetime, end: datetime) -> int:
        """Return 1 if the range has the due moment."""
        return int(self.first(start, end) is not None)
