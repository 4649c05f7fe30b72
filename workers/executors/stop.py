"""The signal by which the runner ends an attempt, from another thread, at any moment."""

import os
import threading
from typing import Literal

#: Why: a person cancelled (``force``: without the grace of SIGTERM), the worker shuts down,
#: or the attempt lost its lease and somebody else may run it.
StopReason = Literal["cancel", "force", "shutdown", "fenced"]


class StopSignal:
    """Can be waited for in a thread (:meth:`wait`) and in a selector (:meth:`fileno`)."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._reason: StopReason | None = None

    @property
    def reason(self) -> StopReason | None:
        """Why the attempt has to end; ``None`` while it may go on."""
        return self._reason

    def set(self, reason: StopReason) -> None:
        """Ask the attempt to end. A later ``force`` hardens an earlier ``cancel``."""
        if self._reason is None or (self._reason == "cancel" and reason != "cancel"):
            self._reason = reason
            self._event.set()
            self._wake()

    def is_set(self) -> bool:
        """Return whether the attempt has to end."""
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until set, at most ``seconds``; return whether it is set."""
        return self._event.wait(seconds)

    def fileno(self) -> int:
        """Return a descriptor that is readable from the moment the signal is set."""
        return self._read

    def close(self) -> None:
        """Give the two descriptors back."""
        for descriptor in (self._read, self._write):
            os.close(descriptor)
        self._read = self._write = -1

    def _wake(self) -> None:
        try:
            os.write(self._write, b"x")
        except OSError:  # full (it is readable already) or closed (nobody listens)
            return
