"""Reads now and then what a piece of work uses, beside waiting for it."""

import logging
import math
from collections.abc import Callable

from workers.executors.base import Meter, Reading

log = logging.getLogger(__name__)

#: What ends before is not looked at: its own accounts, read once at its end, say enough.
FIRST_SAMPLE_SECONDS = 1.0
SAMPLE_SECONDS = 2.0


class Gauge:
    """Tells a meter what ``read`` finds, at the times given above.

    ``read`` returns ``None`` if nothing can be known just now. When it fails there are no more
    samples; the work goes on.
    """

    def __init__(self, read: Callable[[], Reading | None], meter: Meter, began: float) -> None:
        self._read, self._meter, self._began = read, meter, began
        #: When to look next, on the monotonic clock.
        self.due = began + FIRST_SAMPLE_SECONDS

    def look(self, now: float) -> None:
        """Take a sample if it is time to."""
        if now < self.due:
            return
        self.due = max(self.due + SAMPLE_SECONDS, now)
        try:
            reading = self._read()
        except Exception as error:
            log.warning("what a job uses can't be read: %s: %s", type(error).__name__, error)
            self.due = math.inf
            return
        if reading is not None:
            self._meter.note(now - self._began, reading)
