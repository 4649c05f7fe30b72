"""A deadline and a stop signal as one thing to wait under."""

import math
import select
import threading
import time
from typing import Literal

from workers.executors.stop import StopReason, StopSignal


class Interrupted(Exception):
    """The work had to end early: its time ran out, or the runner stops the attempt."""

    def __init__(self, reason: Literal["timeout"] | StopReason) -> None:
        super().__init__(reason)
        self.reason: Literal["timeout"] | StopReason = reason


class Watch:
    """Waits for things, but never beyond the deadline (``time.monotonic()``) nor past a stop.

    Every method that waits raises :class:`Interrupted` when either of them comes.
    """

    def __init__(self, deadline: float | None, stop: StopSignal) -> None:
        self._deadline = math.inf if deadline is None else deadline
        self._stop = stop

    def check(self) -> None:
        """Raise :class:`Interrupted` if the work has to end."""
        reason = self._stop.reason
        if reason is not None:
            raise Interrupted(reason)
        if time.monotonic() >= self._deadline:
            raise Interrupted("timeout")

    def outlasts(self, seconds: float) -> bool:
        """Return whether there is more time left than this."""
        return time.monotonic() + seconds < self._deadline

    def pause(self, seconds: float) -> None:
        """Wait so long."""
        self._stop.wait(max(0.0, min(seconds, self._deadline - time.monotonic())))
        self.check()

    def wait_for_event(self, event: threading.Event, end: float) -> bool:
        """Wait for another thread until the moment ``end``; return whether its event came."""
        while not event.wait(0.05):
            self.check()
            if time.monotonic() >= end:
                return False
        return True

    def wait_for_socket(self, descriptor: int, events: int, end: float) -> bool:
        """Wait until a socket is ready; return False when the moment ``end`` comes first."""
        poller = select.poll()
        poller.register(descriptor, events)
        poller.register(self._stop.fileno(), select.POLLIN)
        while True:
            self.check()
            seconds = min(end, self._deadline) - time.monotonic()
            if poller.poll(None if seconds == math.inf else max(0, math.ceil(seconds * 1000))):
                self.check()
                return True
            if time.monotonic() >= end:
                return False
