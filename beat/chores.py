"""Which maintenance duties beat rings for, and how often."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.domain.clock import now

#: Seconds between two runs of a chore; ``None``: at the start and each day at 00:00 UTC.
EVERY: dict[str, float | None] = {
    "compact_tallies": 60,
    "forget_old": 3600,
    "retention": None,
    "roll_up": 60,
}


@dataclass
class Timetable:
    """When each chore is due next, in the memory of the leading beat."""

    _next: dict[str, float] = field(default_factory=dict)

    def due(self) -> Iterator[str]:
        """Yield the chores that are due; a chore's next time is planned once it was rung for."""
        moment = time.monotonic()
        for name, every in EVERY.items():
            if moment >= self._next.get(name, 0.0):
                yield name
                self._next[name] = moment + (every or _until_midnight())


def _until_midnight() -> float:
    tomorrow = (now() + timedelta(days=1)).date()
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=UTC)
    return (midnight - now()).total_seconds()
