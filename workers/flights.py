"""What this process is running at the moment."""

import threading
import time
from dataclasses import dataclass, field

from app.services.executions import Claim
from workers.executors.stop import StopSignal
from workers.log_sink import LogSink
from workers.usage import UsageMeter


@dataclass(slots=True)
class Flight:
    """One attempt under way."""

    claim: Claim
    sink: LogSink
    stop: StopSignal
    #: Monotonic moments: when it was claimed, when it began (0: not yet), and when its lease was
    #: last known to hold.
    claimed: float = field(default_factory=time.monotonic)
    began: float = 0.0
    renewed: float = field(default_factory=time.monotonic)
    #: Values that were given to it and that nobody may read in what it prints.
    secrets: tuple[str, ...] = field(default=(), repr=False)
    meter: UsageMeter = field(default_factory=UsageMeter)

    @property
    def metered(self) -> tuple[str, int, UsageMeter]:
        """Its id, the epoch of its claim, and what it used until now."""
        return self.claim.id, self.claim.epoch, self.meter


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

    def begin(self, flight: Flight) -> bool:
        """Note that an attempt begins now; ``False``: it was given back meanwhile."""
        with self._lock:
            if flight.claim.id not in self._by_id:
                return False
            flight.began = time.monotonic()
            return True

    def take_waiting(self, seconds: float) -> list[Flight]:
        """Remove and return the attempts that have waited so long for their turn in here."""
        limit = time.monotonic() - seconds
        with self._lock:
            waiting = [f for f in self._by_id.values() if not f.began and f.claimed < limit]
            for flight in waiting:
                del self._by_id[flight.claim.id]
            return waiting

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
