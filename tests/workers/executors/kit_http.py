"""HTTP work for the contract suite: calls of a server of its own."""

from collections.abc import Sequence
from typing import Self

from app.domain.specs.http import HttpSpec
from tests.support.http_target import Exchange, Handler, HttpTarget, answer, floods, hangs
from workers.executors.base import Executor, Options
from workers.executors.http import HttpExecutor

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"


class HttpKit:
    """Makes calls to a server that runs as long as the kit is entered."""

    kind = "http"

    def __enter__(self) -> Self:
        self._target = HttpTarget().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._target.__exit__(*error)

    def executor(self, options: Options) -> Executor:
        return HttpExecutor(options)

    def prints(self, lines: Sequence[str], *, then_seconds: float = 0.0) -> HttpSpec:
        body = "".join(f"{line}\n" for line in lines).encode()

        def handler(exchange: Exchange) -> None:
            exchange.send(_HEAD + body)
            exchange.pause(then_seconds)

        return self._spec(handler)

    def sleeps(self, seconds: float) -> HttpSpec:
        return self._spec(hangs(seconds))

    def fails(self) -> HttpSpec:
        return self._spec(answer(500, b"broken\n"))

    def floods(self, size: int) -> HttpSpec:
        return self._spec(floods(size))

    def _spec(self, handler: Handler) -> HttpSpec:
        return HttpSpec(url=self._target.serve(handler), timeout=3600)


KIT = HttpKit()
