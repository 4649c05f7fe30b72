"""What waits for one live page."""

import threading
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from app.services.access import Sight
from app.services.live.marks import Told

#: So many changes wait for one page; a slower one is told of a gap.
WAITING: Final = 1_000


class Page:
    """The queue of one live page: filled by the hub, emptied by the page's own thread."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self._changes: deque[Told] = deque()
        self._has_gap = False
        self._ready = threading.Condition()

    def put(self, told: Sequence[Told]) -> None:
        """Add changes; those for which a slow page has no room are dropped, and it will be told."""
        with self._ready:
            self._changes.extend(told)
            while len(self._changes) > WAITING:
                self._changes.popleft()
                self._has_gap = True
            self._ready.notify()

    def filling(self) -> AbstractContextManager[object]:
        """Return what keeps others from adding while older changes are put in."""
        return self._ready

    def mark_gap(self) -> None:
        """Have the page told that something is missing."""
        with self._ready:
            self._has_gap = True
            self._ready.notify()

    def wake(self) -> None:
        """End the page's waiting."""
        with self._ready:
            self._ready.notify()

    def take(self, seconds: float) -> tuple[bool, list[Told]]:
        """Return whether something is missing, and what has come; waits so long for it."""
        with self._ready:
            if not self._changes and not self._has_gap:
                self._ready.wait(seconds)
            taken, had_gap = list(self._changes), self._has_gap
            self._changes.clear()
            self._has_gap = False
        return had_gap, taken
