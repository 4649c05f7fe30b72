"""A span under way. This one is recorded nowhere: it only says where in its trace the work is."""

from collections.abc import Mapping
from types import TracebackType
from typing import Self

from app.domain import traces
from app.domain.traces import Point

Attributes = Mapping[str, str | int | float | bool]


class Span:
    """A span; as a context manager the work inside belongs to it, and it ends with that."""

    def __init__(self, point: Point) -> None:
        self.point = point
        self._before: Point | None = None

    def set(self, attributes: Attributes) -> None:
        """Add attributes. They leave the house: nothing that may be secret is one."""

    def fail(self, kind: str) -> None:
        """Mark it as failed, with a short word for the kind of failure."""

    def end(self) -> None:
        """End it; what is not ended is sent to nobody."""

    def enter(self) -> Self:
        """Let the work of this thread belong to it."""
        self._before = traces.enter(self.point)
        return self

    def leave(self) -> None:
        """Let the work of this thread belong to what it belonged to before."""
        traces.enter(self._before)

    def __enter__(self) -> Self:
        return self.enter()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.fail(kind.__name__)
        self.end()
        self.leave()
