"""Requests take turns: more threads than that are there only for streams.

Else a burst of requests would use the threads of the streams as well, and more connections to the
database than there are.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

#: A stream gives its turn back as soon as its answer has begun.
STREAMS: Final = ("text/event-stream",)
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Turns:
    """A WSGI application of which at most so many requests are worked on at once."""

    def __init__(self, app: Wsgi, most: int) -> None:
        self._app = app
        self._turns = threading.BoundedSemaphore(most)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request in its turn."""
        turn = _Turn(self._turns)
        environ["oneoff.end_turn"] = turn.end

        def begin(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if any(n.lower() == "content-type" and v.startswith(STREAMS) for n, v in headers):
                turn.end()
            return start_response(status, headers, *rest)

        try:
            answer = self._app(environ, begin)
        except BaseException:
            turn.end()
            raise
        return _Answer(answer, turn)


class _Turn:
    """One request's turn; it is given back once, however often it ends."""

    def __init__(self, turns: threading.BoundedSemaphore) -> None:
        self._turns = turns
        self._is_over = False
        turns.acquire()

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._turns.release()


class _Answer:
    """An answer at whose end its turn is given back."""

    def __init__(self, answer: Iterable[bytes], turn: _Turn) -> None:
        self._answer = answer
        self._turn = turn

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._answer)

    def close(self) -> None:
        """End the answer and the turn."""
        try:
            close = getattr(self._answer, "close", None)
            if close is not None:
                close()
        finally:
            self._turn.end()
