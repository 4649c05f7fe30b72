"""Folding alike rows: a flood of refused requests must not fill the table.

Of what is alike in one minute the first is written at once; the others are counted, and one row
tells their number when the minute is over. Who causes many different ones in a minute, has those
beyond the limit counted together; and so has everybody when there are very many.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from app.services.audit.notes import Deed

WINDOW_SECONDS: Final = 60.0
#: Different rows of one source, and of all, that are written in a minute.
MOST_OF_SOURCE: Final = 60
MOST: Final = 1000
#: The action of a row that stands for different ones.
SEVERAL: Final = "several"


@dataclass(frozen=True, slots=True)
class Alike:
    """What rows must have in common to be one."""

    deed: Deed
    action: str
    target_id: str | None
    result: str
    status: int
    code: str

    def coarse(self) -> "Alike":
        """Return what all rows of one source have in common."""
        return replace(self, action=SEVERAL, target_id=None, code="")

    def of_anybody(self) -> "Alike":
        """Return what all rows have in common."""
        return replace(self.coarse(), deed=Deed("anybody"))


@dataclass
class Fold:
    """The memory of one process for what it has written lately; safe for several threads."""

    clock: Callable[[], float] = time.monotonic
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _until: float = 0.0
    _first: set[Alike] = field(default_factory=set)
    _sources: Counter[Alike] = field(default_factory=Counter)
    _more: Counter[Alike] = field(default_factory=Counter)

    def admits(self, one: Alike) -> bool:
        """Return whether a row is to be written now; otherwise it is counted."""
        one = replace(one, deed=replace(one.deed, trace_id=None))
        with self._guard:
            if not self._until:
                self._until = self.clock() + WINDOW_SECONDS
            if one in self._first:
                self._more[one] += 1
                return False
            if len(self._first) >= MOST:
                self._more[one.of_anybody()] += 1
                return False
            if self._sources[one.coarse()] >= MOST_OF_SOURCE:
                self._more[one.coarse()] += 1
                return False
            self._first.add(one)
            self._sources[one.coarse()] += 1
            return True

    def due(self) -> list[tuple[Alike, int]]:
        """Return what was counted, once its minute is over; the next one begins empty."""
        if not self._until or self.clock() < self._until:
            return []
        return self.rest()

    def rest(self) -> list[tuple[Alike, int]]:
        """Return what was counted by now."""
        with self._guard:
            counted = list(self._more.items())
            self._until = 0.0
            self._first.clear()
            self._sources.clear()
            self._more.clear()
        return counted
