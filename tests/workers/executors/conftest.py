"""What the tests of executors share."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.domain.ids import new_id
from tests.workers.executors.recorder import PATIENCE_SECONDS, Recorder
from workers.executors.base import Context, Options, Parameters
from workers.executors.stop import StopSignal


@dataclass
class Attempt:
    """One attempt under test: its context, and how it ended when it ran in a thread."""

    context: Context
    output: Recorder
    stop: StopSignal
    _endings: list[Any] = field(default_factory=list)
    _thread: threading.Thread | None = None

    def start(self, perform: Callable[[Any, Context], Any], what: Any) -> None:
        """Perform a spec (or run a command) in a thread."""

        def work() -> None:
            self._endings.append(perform(what, self.context))

        self._thread = threading.Thread(target=work)
        self._thread.start()

    def ending(self) -> Any:
        """Wait for the thread and return what the work returned."""
        assert self._thread is not None
        self._thread.join(2 * PATIENCE_SECONDS)
        assert not self._thread.is_alive(), "the attempt does not end"
        assert self._endings, "the work raised"
        return self._endings[0]


@pytest.fixture
def options(tmp_path: Path) -> Options:
    scratch = tmp_path / "scratch"
    scratch.mkdir(mode=0o700)
    return Options(scratch)


@pytest.fixture
def attempt() -> Iterator[Callable[..., Attempt]]:
    """Make attempts: ``seconds`` to the deadline, then parameters (``env, args, body``)."""
    made: list[Attempt] = []

    def make(seconds: float | None = 60.0, **parameters: Any) -> Attempt:
        execution_id, output, stop = new_id(), Recorder(), StopSignal()
        context = Context(
            execution_id=execution_id,
            root_execution_id=new_id(),
            job_id=new_id(),
            job_name="a job",
            attempt=1,
            deadline=None if seconds is None else time.monotonic() + seconds,
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            parameters=Parameters(**parameters),
            output=output,
            stop=stop,
        )
        made.append(Attempt(context, output, stop))
        return made[-1]

    yield make
    for one in made:
        one.stop.set("force")
        if one._thread is not None:
            one._thread.join(PATIENCE_SECONDS)
        one.stop.close()
