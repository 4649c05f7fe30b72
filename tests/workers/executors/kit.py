"""What the contract suite needs of each executor kind: ways to make work that behaves as asked."""

from collections.abc import Sequence
from typing import Any, Protocol, Self

from workers.executors.base import Executor, Options


class Kit(Protocol):
    """Makes specs of one kind. Entered before the first use, so that it can start a server."""

    kind: str

    def __enter__(self) -> Self:
        """Start what the specs need."""

    def __exit__(self, *error: object) -> None:
        """End it."""

    def executor(self, options: Options) -> Executor:
        """Return a fresh executor of this kind."""

    def prints(self, lines: Sequence[str], *, then_seconds: float = 0.0) -> Any:
        """Return a spec that puts these lines out at once, then works on for some seconds."""

    def sleeps(self, seconds: float) -> Any:
        """Return a spec that takes so long and prints nothing before."""

    def fails(self) -> Any:
        """Return a spec whose work fails in a way to be expected."""

    def floods(self, size: int) -> Any:
        """Return a spec that puts out about so many bytes and then completes."""
