"""The newest output of one execution, kept for all who watch it in this process.

Lines come by two ways: told while they are printed, and from the rows, which are complete but
later. Their numbers put them together: what was told too early, with something missing before it,
waits for the rows. What the rows leave out may still be told: they do without what is beyond the
bounds of an output, and may be faster than what is told.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from app.services.live.messages import Lines, gap

#: What is kept of one execution at most, and what may wait for the rows.
KEPT_BYTES: Final = 8 * 1024**2
KEPT_MESSAGES: Final = 20_000
#: Missing lines are waited for so long; then it goes on without them.
_WAIT_SECONDS: Final = 2.0
#: What was not told for so long is not told at all: the rows alone say what is missing.
_TOLD_SECONDS: Final = 10.0
#: So much is handed over at once.
_TAKE_BYTES: Final = 512 * 1024
#: With so much waiting for them they are given up.
_FULL_BYTES: Final = KEPT_BYTES * 3 // 4
#: Of figures the newest few are kept.
_KEPT_NOTES: Final = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where one who watches stands: the last line, and how many other messages were told."""

    line: int
    notes: int = 0
    status: int = 0


@dataclass(slots=True)
class Taken:
    """What is new for one who watches, in order."""

    frames: list[bytes]
    place: Place
    is_end: bool = False


@dataclass(slots=True)
class _Kept:
    """Lines in order, the oldest of which make room for the newest."""

    lines: deque[Lines] = field(default_factory=deque)
    size: int = 0

    def add(self, one: Lines) -> None:
        self.lines.append(one)
        self.size += one.size
        while self.size > KEPT_BYTES or len(self.lines) > KEPT_MESSAGES:
            self.size -= self.lines.popleft().size

    def clear(self) -> list[Lines]:
        found = list(self.lines)
        self.lines.clear()
        self.size = 0
        return found


class Watched:
    """One execution that somebody watches."""

    def __init__(self, execution_id: str, last: int) -> None:
        self.execution_id = execution_id
        self.watchers = 0
        self.last = last
        self.is_over = False
        self._kept, self._early = _Kept(), _Kept()
        self._early_since = self._heard_at = -_TOLD_SECONDS
        self._notes: deque[bytes] = deque(maxlen=_KEPT_NOTES)
        self._noted = 0
        self._status: tuple[int, bytes] = (0, b"")
        self._ready = threading.Condition()

    def is_behind(self) -> bool:
        """Return whether lines wait for others that are missing before them."""
        return bool(self._early.lines)

    def hear(self, one: Lines) -> None:
        """Take lines that were told while they were printed."""
        with self._ready:
            self._heard_at = time.monotonic()
            if one.last <= self.last:
                return
            if one.first <= self.last + 1:
                self._append(one)
            else:
                self._wait_with(one)

    def note(self, frame: bytes) -> None:
        """Take a figure, or whatever else is told beside lines."""
        with self._ready:
            self._notes.append(frame)
            self._noted += 1
            self._ready.notify_all()

    def read(self, rows: Sequence[Lines], status: bytes, *, is_over: bool) -> None:
        """Take how it is and the lines in the rows; what they leave out can only be told."""
        with self._ready:
            self._merge(rows, is_over=is_over)
            if status != self._status[1]:
                self._status = (self._status[0] + 1, status)
            self.is_over = is_over
            self._ready.notify_all()

    def wake(self) -> None:
        """End all waiting."""
        with self._ready:
            self._ready.notify_all()

    def first_kept(self) -> int:
        """Return the number of the first line that is kept; behind the last if none is."""
        with self._ready:
            return self._first_kept()

    def take(self, place: Place, seconds: float) -> Taken:
        """Return what is new for one who stands at a place; waits so long for something."""
        with self._ready:
            if not self._has_news(place):
                self._ready.wait(seconds)
            lines = self._behind(place.line)
            noted = min(self._noted - place.notes, len(self._notes)) if place.notes else 1
            notes = list(self._notes)[-noted:] if self._noted and noted else []
            status = [self._status[1]] if self._status[0] != place.status else []
            line = lines[-1].last if lines else place.line
            is_end = self.is_over and line >= self.last
            return Taken(
                [*(one.frame for one in lines), *notes, *status],
                Place(line, self._noted, self._status[0]),
                is_end,
            )

    def _has_news(self, place: Place) -> bool:
        is_same = place.status == self._status[0] and place.notes == self._noted
        return self.last > place.line or self.is_over or not is_same

    def _behind(self, number: int) -> list[Lines]:
        """Return what is kept behind a line, and before it what is kept no more."""
        found: list[Lines] = []
        for one in reversed(self._kept.lines):
            if one.last <= number:
                break
            found.append(one)
        found.reverse()
        if found:
            found[0] = found[0].behind(number)
        first = self._first_kept()
        if first > number + 1 and self.last > number:
            found.insert(0, gap(number + 1, first - 1))
        return _at_most(found)

    def _first_kept(self) -> int:
        return self._kept.lines[0].first if self._kept.lines else self.last + 1

    def _append(self, one: Lines) -> None:
        whole = one.behind(self.last)
        self._kept.add(whole)
        self.last = whole.last
        self._ready.notify_all()

    def _wait_with(self, one: Lines) -> None:
        if not self._early.lines:
            self._early_since = time.monotonic()
        self._early.add(one)

    def _merge(self, rows: Sequence[Lines], *, is_over: bool) -> None:
        """Put lines from the rows and those that came early in order."""
        waits = not is_over and self._may_wait()
        since, early = self._early_since, self._early.clear()
        is_told = time.monotonic() - self._heard_at < _TOLD_SECONDS
        until = 0 if is_told else max((one.first for one in rows), default=0)
        before = known = self.last
        for one in sorted([*rows, *early], key=lambda lines: lines.first):
            if one.last <= known:  # rows are read again while something is missing before them
                continue
            known = one.last
            if one.first > self.last + 1:
                if waits and one.first > until:
                    self._wait_with(one)
                    continue
                self._append(gap(self.last + 1, one.first - 1))
            self._append(one)
        if early and self.last == before:
            self._early_since = since

    def _may_wait(self) -> bool:
        """Return whether what is missing may still come: for some time, while there is room."""
        is_late = time.monotonic() - self._early_since > _WAIT_SECONDS
        return not (self._early.lines and is_late) and self._early.size < _FULL_BYTES


def _at_most(lines: list[Lines]) -> list[Lines]:
    """Return as many of them as are handed over at once, and one at least."""
    size = 0
    for count, one in enumerate(lines):
        size += one.size
        if size > _TAKE_BYTES:
            return lines[: count + 1]
    return lines
