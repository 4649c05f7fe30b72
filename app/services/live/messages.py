"""What goes to those that watch an execution: put into frames once, for all of them."""

from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.domain.clock import to_wire
from app.domain.texts.text_frames import text_frame
from app.services import logs

_GAP: Final = "gap"


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines, or a gap in them; whoever has it stands at ``last``."""

    first: int
    last: int
    frame: bytes
    #: How many bytes at the end of the frame are the message.
    size: int

    def behind(self, number: int) -> "Lines":
        """Return what of it is behind a line, which is somewhere in it or before it."""
        if self.first > number:
            return self
        says = orjson.loads(self.frame[-self.size :])
        if says["type"] == _GAP:
            return gap(number + 1, self.last)
        left = says["lines"][number + 1 - self.first :]
        return of_output(says | {"number": number + 1, "lines": left})


def of_block(block: logs.Block) -> Lines:
    """Return lines from the rows."""
    time = to_wire(block.time)
    says = {"type": "log", "number": block.number, "stream": block.stream, "time": time}
    return of_output(says | {"lines": block.lines})


def of_output(says: dict[str, Any]) -> Lines:
    """Return what says that lines were printed as it goes to watchers.

    Raises ``KeyError`` or ``TypeError`` if it says something else.
    """
    payload = orjson.dumps(says)
    first = says["number"]
    return Lines(first, first + len(says["lines"]) - 1, text_frame(payload), len(payload))


def gap(first: int, last: int) -> Lines:
    """Return what tells that lines are missing."""
    payload = orjson.dumps({"type": _GAP, "from": first, "to": last})
    return Lines(first, last, text_frame(payload), len(payload))


def end() -> bytes:
    """Return what tells that nothing more comes."""
    return frame({"type": "end"})


def frame(says: dict[str, Any]) -> bytes:
    """Return any message as it goes to watchers."""
    return text_frame(orjson.dumps(says))
