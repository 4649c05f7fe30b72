"""What webhooks are told, and when a delivery that failed is tried again."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from app.domain import execution_state as state
from app.domain.events import (
    ChainEnded,
    Event,
    ExecutionEnded,
    ExecutionSkipped,
    ExecutionStarted,
    JobCreated,
)

#: The events that can be subscribed to, with what each means.
EVENTS: Final = {
    "job.created": "A job was made.",
    "job.started": "A worker took an execution.",
    "job.completed": "An execution succeeded.",
    "job.failed": "A due moment ended badly, and no attempt is left; once for each.",
    "job.cancelled": "An execution was cancelled.",
    "job.skipped": "A due moment passed without an attempt; the execution says why.",
    "job.timeout": "The last attempt ran out of time; job.failed is sent as well.",
    "job.retrying": "An attempt failed and will be repeated; sent in the place of job.failed.",
    "job.dead_letter": "An execution waits for a person; job.failed is sent as well.",
    "chain.completed": "All links of a chain succeeded.",
    "chain.failed": "A chain ended before its last link succeeded.",
}
#: What a delivery made by hand is called; nobody subscribes to it.
TEST: Final = "test"

_ENDS: Final = {
    state.COMPLETED: ("job.completed",),
    state.CANCELLED: ("job.cancelled",),
    state.FAILED: ("job.failed",),
    state.TIMEOUT: ("job.failed", "job.timeout"),
    state.DEAD_LETTER: ("job.failed", "job.dead_letter"),
}
_CHAIN_ENDS: Final = {state.COMPLETED: ("chain.completed",), state.FAILED: ("chain.failed",)}


def _of_end(event: Any) -> tuple[str, ...]:
    return ("job.retrying",) if event.will_retry else _ENDS.get(event.status, ())


#: How each thing that happens is called on the wire; one of them may be told under two names.
NAMES: Final[dict[type[Event], Callable[[Any], tuple[str, ...]]]] = {
    JobCreated: lambda _: ("job.created",),
    ExecutionStarted: lambda _: ("job.started",),
    ExecutionEnded: _of_end,
    ExecutionSkipped: lambda _: ("job.skipped",),
    ChainEnded: lambda event: _CHAIN_ENDS.get(event.status, ()),
}

MOST_EVENTS_LENGTH: Final = 1000
#: Seconds after which a failed delivery is tried again at the latest.
LONGEST_DELAY: Final = 300.0
#: What a receiver may ask for with ``Retry-After``, at most.
LONGEST_WISH: Final = 3600.0
#: So much later than planned a try may come, as a part of the delay: receivers get no bursts.
JITTER: Final = 0.2
#: An endpoint that failed so often in a row is left alone for a while.
CIRCUIT_FAILURES: Final = 5
_FIRST_PAUSE: Final = 10.0


def names_of(event: Event) -> tuple[str, ...]:
    """Return under which names an event is told."""
    return NAMES[type(event)](event)


def clean_events(given: object) -> str:
    """Return subscribed events in their stored form, such as ``job.failed,job.timeout``.

    ``given`` is a comma-separated text or a list. Raises :class:`ValueError` if there is none,
    or one that does not exist.
    """
    words = given.split(",") if isinstance(given, str) else given
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError("must be a comma-separated text or a list of texts")
    names = {word.strip() for word in words} - {""}
    unknown = sorted(names - EVENTS.keys())
    if unknown:
        shown = ", ".join(name[:40] for name in unknown[:5])
        raise ValueError(f"invalid event type: {shown}; allowed are {', '.join(EVENTS)}")
    if not names:
        raise ValueError(f"must be one or more of {', '.join(EVENTS)}")
    return ",".join(name for name in EVENTS if name in names)


def delay_seconds(attempt: int, chance: float) -> float:
    """Return the pause after the ``attempt``-th try failed; ``chance`` is between 0 and 1."""
    planned: float = min(2.0 ** min(attempt, 30), LONGEST_DELAY)
    return planned * (1 + JITTER * chance)


def pause_seconds(failures: int) -> float:
    """Return for how long an endpoint is left alone after so many failures in a row."""
    if failures < CIRCUIT_FAILURES:
        return 0.0
    return min(_FIRST_PAUSE * 2.0 ** min(failures - CIRCUIT_FAILURES, 10), LONGEST_DELAY)


def wish_seconds(retry_after: str, since_1970: Callable[[str], float | None]) -> float | None:
    """Return what ``Retry-After`` asks for, at most an hour; ``None`` if it can't be read.

    ``since_1970`` returns the seconds from now to a moment written as HTTP does.
    """
    text = retry_after.strip()
    seconds = float(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
    seconds = since_1970(text) if seconds is None and text else seconds
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WISH)


def matches(events: Iterable[str], names: Iterable[str]) -> list[str]:
    """Return which of the names of an event are subscribed to."""
    wanted = set(events)
    return [name for name in names if name in wanted]
