"""Places in traces as W3C Trace Context writes them, and the one that the work at hand has."""

import os
import re
from contextvars import ContextVar
from dataclasses import dataclass

_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_ZERO = {"0" * 32, "0" * 16}
_SAMPLED = 1
#: The flags that version 00 knows: sampled, and that the trace id is random.
_FLAGS = 3


@dataclass(frozen=True, slots=True)
class Point:
    """A span of a trace, known by its ids; its text is a ``traceparent``."""

    trace_id: str
    span_id: str
    flags: int = _SAMPLED

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"

    @property
    def is_sampled(self) -> bool:
        """Whether whoever began the trace records it."""
        return bool(self.flags & _SAMPLED)

    def within(self) -> "Point":
        """Return a new span of the same trace."""
        return Point(self.trace_id, os.urandom(8).hex(), self.flags)


def read(text: str | None) -> Point | None:
    """Return what a ``traceparent`` says; ``None`` if it is none, as the recommendation asks."""
    found = _FORM.fullmatch((text or "").strip())
    if found is None or {found[2], found[3]} & _ZERO or (found[1] == "00" and found[5]):
        return None
    return Point(found[2], found[3], int(found[4], 16) & _FLAGS)


def begin() -> Point:
    """Return the first span of a new trace."""
    return Point(os.urandom(16).hex(), os.urandom(8).hex())


_here: ContextVar[Point | None] = ContextVar("trace", default=None)


def here() -> Point | None:
    """Return the span that the work of this thread belongs to, if there is one."""
    return _here.get()


def enter(point: Point | None) -> Point | None:
    """Let the work of this thread belong to a span from now on; return the one before it."""
    before = _here.get()
    _here.set(point)
    return before
