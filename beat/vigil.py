"""Whether the judge of leases may trust what it sees."""

import time
from dataclasses import dataclass

from app.domain.clock import now


@dataclass
class Vigil:
    """Counts how long the database was seen without a gap.

    An outage, a suspended machine or a stepped clock begins the count again: after those the
    workers need one lease to renew before a lapsed lease means a dead worker.
    """

    lease: float
    #: A longer pause between two looks is a gap.
    longest_pause: float = 3.0
    #: Wall clock and monotonic clock may drift apart so far between two looks.
    largest_step: float = 1.0
    _since: float = 0.0
    _last: float = 0.0
    _last_wall: float = 0.0

    def seen(self) -> bool:
        """Note that the database answered now; return whether leases may be judged."""
        moment, wall = time.monotonic(), now().timestamp()
        paused = moment - self._last > self.longest_pause
        stepped = abs((wall - self._last_wall) - (moment - self._last)) > self.largest_step
        if paused or stepped:
            self._since = moment
        self._last, self._last_wall = moment, wall
        return moment - self._since >= self.lease

    def broken(self) -> None:
        """Note that the database did not answer."""
        self._last = 0.0
