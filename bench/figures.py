"""What all figures need: where they run, and how runs of both sides alternate."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.rival import Rival
from bench.stage import Stage
from bench.table import Row


@dataclass(frozen=True, slots=True)
class Bench:
    """How to measure: on which database, only roughly or in earnest."""

    database: str
    quick: bool
    wanted: frozenset[str]

    def wants(self, *ids: str) -> bool:
        """Return whether one of these figures is asked for."""
        return bool(self.wanted & set(ids))

    def size(self, earnest: int, quick: int) -> int:
        """Return how much to do."""
        return quick if self.quick else earnest


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that are measured together."""

    ids: tuple[str, ...]
    measure: Callable[[Bench], Iterator[Row]]
    per_database: bool = True


def alternate(
    rival: Callable[[], float], ours: Callable[[], float], runs: int
) -> tuple[list[float], list[float]]:
    """Run the rival first, in between and last, and ours ``runs`` times."""
    theirs, own = [rival()], []
    for _ in range(runs):
        own.append(ours())
        theirs.append(rival())
    return theirs, own


def with_rival(stage: Stage, measure: Callable[[Rival], float], **extra: str) -> float:
    """Start the rival anew, measure, and end it."""
    rival = Rival(stage, **extra)
    try:
        rival.start()
        return measure(rival)
    finally:
        rival.close()
