"""Runs http jobs through their executor and keeps what came out."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.domain.outbound import OutboundPolicy
from app.domain.specs.http import HttpSpec
from tests.workers.executors.recorder import Recorder
from workers.executors.base import Context, Options, Outcome, Parameters
from workers.executors.http import HttpExecutor
from workers.executors.http_net import Resolve, resolve
from workers.executors.stop import StopSignal

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class Run:
    """One attempt: how it ended, what it printed and how many seconds it took."""

    outcome: Outcome
    output: Recorder
    seconds: float

    @property
    def text(self) -> str:
        return self.output.text()

    @property
    def system(self) -> str:
        return self.output.text("system")

    @property
    def body(self) -> str:
        return self.text.partition("\n\nBody:\n")[2]


@dataclass
class Around:
    """What surrounds the attempt; the defaults are those of a plain job."""

    policy: OutboundPolicy = field(default_factory=OutboundPolicy)
    resolve: Resolve = resolve
    stop: StopSignal | None = None
    seconds: float | None = None
    parameters: Parameters = field(default_factory=Parameters)
    output: Recorder = field(default_factory=Recorder)


def run_http(url: str, around: Around | None = None, **config: Any) -> Run:
    """Perform a job with this URL and config, without retries unless told."""
    around = around or Around()
    tries = {} if "retry" in config else {"retry_count": 0}
    spec = HttpSpec.model_validate({"url": url} | tries | config)
    stop = around.stop or StopSignal()
    started = time.monotonic()
    context = Context(
        execution_id="e" * 32,
        root_execution_id="r" * 32,
        job_id="j" * 32,
        job_name="a job",
        attempt=1,
        deadline=None if around.seconds is None else started + around.seconds,
        traceparent=TRACEPARENT,
        parameters=around.parameters,
        output=around.output,
        stop=stop,
    )
    executor = HttpExecutor(
        Options(scratch=Path("/nonexistent"), outbound=around.policy), resolve=around.resolve
    )
    try:
        outcome = executor.perform(spec, context)
    finally:
        executor.close()
        if around.stop is None:
            stop.close()
    return Run(outcome, around.output, time.monotonic() - started)


def names(book: Mapping[str, Sequence[str]]) -> Resolve:
    """Return a resolver that knows these names only."""

    def find(host: str, port: int) -> Sequence[str]:
        if host not in book:
            raise OSError(f"no such name: {host}:{port}")
        return book[host]

    return find


def when(condition: Callable[[], bool], act: Callable[[], None]) -> threading.Thread:
    """Do something in a thread as soon as a condition holds (given up after 20 s)."""

    def watch() -> None:
        end = time.monotonic() + 20
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread
