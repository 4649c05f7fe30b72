"""What messages to workers say; they are doorbells and carry no more than this."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

#: The id and the generation of an execution.
Pair = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Ring:
    """A wake-up for one row: its run queue, its priority (1-10) and the pair it carries."""

    queue: str
    priority: int
    pair: Pair
    #: The row is a link of this chain run: what wakes it is the tail of its chain.
    chain_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A link of a chain run on its way: where it goes, and which one of the run it is."""

    queue: str
    priority: int
    chain_run_id: str
    index: int
    generation: int


@dataclass(frozen=True, slots=True)
class Release:
    """Planned rows that fall due at almost the same time."""

    #: When the message reaches a dispatcher.
    moment: datetime
    #: When the last of the rows is due.
    latest: datetime
    pairs: Sequence[Pair]
