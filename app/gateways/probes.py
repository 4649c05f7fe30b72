"""Asking something that may not answer: never longer than a limit, never twice at a time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Finding(Generic[T]):
    """What a probe found: a value, or the kind of its failure."""

    value: T | None = None
    #: Empty if it went well; else ``no answer`` or the name of the exception.
    fault: str = ""


@dataclass
class Probe(Generic[T]):
    """A question asked in a thread of its own; its finding is kept for a moment.

    A question that hangs is left hanging and not asked again before it returns: however many
    callers come, it costs one thread.
    """

    question: Callable[[], T]
    limit_seconds: float = 3.0
    kept_seconds: float = 1.0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _asked: "_Asked[T] | None" = None

    def start(self) -> None:
        """Put the question, unless it is under way or its finding is still fresh."""
        self._present()

    def ask(self) -> Finding[T]:
        """Return the present finding, or one at most ``kept_seconds`` old."""
        return self._present().wait(self.limit_seconds)

    def _present(self) -> "_Asked[T]":
        with self._guard:
            if self._asked is None or self._asked.is_stale(self.kept_seconds):
                self._asked = _Asked(self.question)
            return self._asked


class _Asked(Generic[T]):
    """One asking of a question."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._began = time.monotonic()
        self._ended = 0.0
        self._done = threading.Event()
        self._finding: Finding[T] = Finding(fault="no answer")
        threading.Thread(target=self._run, args=(question,), daemon=True).start()

    def _run(self, question: Callable[[], T]) -> None:
        try:
            self._finding = Finding(question())
        except Exception as error:
            self._finding = Finding(fault=type(error).__name__)
        self._ended = time.monotonic()
        self._done.set()

    def is_stale(self, kept_seconds: float) -> bool:
        return self._done.is_set() and time.monotonic() - self._ended > kept_seconds

    def wait(self, limit_seconds: float) -> Finding[T]:
        """Wait for the answer until ``limit_seconds`` after the question was put."""
        left = self._began + limit_seconds - time.monotonic()
        if self._done.wait(max(left, 0.0)):
            return self._finding
        return Finding(fault="no answer")
