"""The life of an execution: its statuses and the legal moves between them."""

from types import MappingProxyType
from typing import Final

SCHEDULED: Final = "scheduled"
QUEUED: Final = "queued"
RUNNING: Final = "running"
CANCELLING: Final = "cancelling"
COMPLETED: Final = "completed"
FAILED: Final = "failed"
TIMEOUT: Final = "timeout"
CANCELLED: Final = "cancelled"
SKIPPED: Final = "skipped"
DEAD_LETTER: Final = "dead_letter"

#: Where an execution may go from each status. ``None`` is birth.
MOVES: Final = MappingProxyType(
    {
        None: frozenset({SCHEDULED, QUEUED, SKIPPED}),
        SCHEDULED: frozenset({QUEUED, CANCELLED, SKIPPED}),
        QUEUED: frozenset({RUNNING, CANCELLED, SKIPPED, SCHEDULED}),
        # Back to queued: claimed together with others and given back before it began.
        RUNNING: frozenset(
            {QUEUED, CANCELLING, COMPLETED, FAILED, TIMEOUT, CANCELLED, DEAD_LETTER}
        ),
        CANCELLING: frozenset({CANCELLED, COMPLETED, FAILED, TIMEOUT, DEAD_LETTER}),
        COMPLETED: frozenset[str](),
        FAILED: frozenset[str](),
        TIMEOUT: frozenset[str](),
        CANCELLED: frozenset[str](),
        SKIPPED: frozenset[str](),
        DEAD_LETTER: frozenset[str](),
    }
)

STATUSES: Final = tuple(status for status in MOVES if status is not None)
FINAL: Final = frozenset(status for status in STATUSES if not MOVES[status])
WAITING: Final = (SCHEDULED, QUEUED)
STARTED: Final = (RUNNING, CANCELLING)
ACTIVE: Final = (*WAITING, *STARTED)
#: Statuses that make another start of the same job an overlap.
IN_PROGRESS: Final = (QUEUED, RUNNING, CANCELLING)
#: What ``failed`` stands for in filters, counts, statistics, metrics and webhooks.
FAILURES: Final = (FAILED, TIMEOUT, DEAD_LETTER)

#: Words of other systems, understood in filters.
ALIASES: Final = MappingProxyType(
    {
        "pending": WAITING,
        "failed": FAILURES,
        "failure": FAILURES,
        "success": (COMPLETED,),
        "succeeded": (COMPLETED,),
        "complete": (COMPLETED,),
        "finished": (COMPLETED,),
        "timed_out": (TIMEOUT,),
        "canceled": (CANCELLED,),
        "missed": (SKIPPED,),
    }
)


def may_move(old: str | None, new: str) -> bool:
    """Return whether an execution may go from ``old`` (``None``: birth) to ``new``."""
    return new in MOVES[old]


def meant_by(word: str) -> tuple[str, ...] | None:
    """Return the statuses a filter word stands for; ``None`` if it is no status."""
    if word in ALIASES:
        return ALIASES[word]
    return (word,) if word in STATUSES else None


def diagram() -> str:
    """Return the moves as a Mermaid state diagram, for the docs."""
    lines = ["stateDiagram-v2"]
    for old, targets in MOVES.items():
        lines += [f"    {old or '[*]'} --> {new}" for new in sorted(targets)]
    lines += [f"    {status} --> [*]" for status in STATUSES if status in FINAL]
    return "\n".join(lines)
