"""What this process is running at the moment."""

import threading
import time
from dataclasses import dataclass, field

from app.services.executions import Claim
from workers.executors.stop import StopSignal
from workers.log_sink import LogSink


@dataclass(slots=True)
class Flight:
    """One attempt under way."""

    claim: Claim
    sink: LogSink
    stop: StopSignal
    #: Monotonic moments: when it began, and when its lease was last known to hold.
    began: float = field(default_factory=time.monotonic)
    renewed: float = field(default_factory=time.monotonic)


class Flights:
    """The attempts under way in this process, by id; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_id: dict[str, Flight] = {}
        self.some = threading.Event()

    def add(self, flight: Flight) -> None:
        """Note that an attempt began."""
        with self._lock:
            self._by_id[flight.claim.id] = flight
            self.some.set()

    def remove(self, flight: Flight) -> None:
        """Note that an attempt ended and is settled."""
        with self._lock:
            self._by_id.pop(flight.claim.id, None)
            if not self._by_id:
                self.some.clear()

    def all(self) -> list[Flight]:
        """Return the attempts under way."""
        with self._lock:
            return list(self._by_id.values())

    def get(self, execution_id: str) -> Flight | None:
        """Return one attempt, if it is under way."""
        return self._by_id.get(execution_id)
