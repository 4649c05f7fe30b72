"""How many streams there may be at once: each holds a thread for as long as it lasts."""

import threading
from collections import Counter
from typing import Final

from flask import Flask, current_app

from app.services.access import ANYBODY
from app.services.live import ending
from app.settings import Settings

_EXTENSION: Final = "oneoff_streams"
#: So many streams one caller may have open in one process; without sign-in all are one caller.
MOST_OF_ONE: Final = 32


class Room:
    """The streams of one process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._open: Counter[str] = Counter()

    def enter(self, caller: str) -> bool:
        """Take a place; ``False`` if there is none for this caller, or the process ends."""
        with self._guard:
            is_full = self._open.total() >= self._most
            has_enough = caller != ANYBODY.caller and self._open[caller] >= MOST_OF_ONE
            if is_full or has_enough or ending.is_near():
                return False
            self._open[caller] += 1
        return True

    def leave(self, caller: str) -> None:
        """Give a place back."""
        with self._guard:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]

    def count(self) -> int:
        """Return how many streams are open."""
        return self._open.total()


def install(app: Flask, settings: Settings) -> None:
    """Give the application its room."""
    app.extensions[_EXTENSION] = Room(settings.streams_max)


def room() -> Room:
    """Return the room of this application."""
    found: Room = current_app.extensions[_EXTENSION]
    return found
