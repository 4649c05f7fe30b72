"""What the runner and an executor know of each other: a spec goes in, an outcome comes out."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from app.domain.containers import ContainerRules
from app.domain.masking import NOTHING, Masker
from app.domain.outbound import OutboundPolicy
from app.domain.programs import ProgramRules
from workers.executors.stop import StopSignal

Verdict = Literal["completed", "failed", "timeout", "cancelled"]
Stream = Literal["stdout", "stderr", "system"]

EXIT_TIMEOUT = 124
EXIT_CANCELLED = 130


@dataclass(frozen=True, slots=True)
class Usage:
    """What an attempt used: CPU seconds (user and system) and peak memory in bytes."""

    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. Expected failure is an outcome, never an exception."""

    verdict: Verdict
    exit_code: int | None = None
    error: str | None = None
    error_code: str | None = None
    usage: Usage = field(default_factory=Usage)
    #: How long the target asked to be left alone, and whether another attempt would be in vain.
    retry_after_seconds: float = 0.0
    is_permanent: bool = False


class Output(Protocol):
    """Takes what the work prints, in blocks of any size; keeps memory and storage bounded."""

    def write(self, stream: Stream, data: bytes) -> None:
        """Add a block to a stream. Never blocks for long and never raises."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a piece of work uses: CPU seconds so far, memory now, and the most it could have."""

    cpu_seconds: float
    memory_bytes: int
    memory_limit: int


class Meter(Protocol):
    """Takes what long work uses while it goes on."""

    def note(self, seconds: float, reading: Reading) -> None:
        """Note a reading, so many seconds after the work began. Never blocks, never raises."""


class _NoMeter:
    def note(self, seconds: float, reading: Reading) -> None:
        pass


NO_METER: Meter = _NoMeter()


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the person who started this execution gave beside the job's own spec."""

    env: Mapping[str, str] = field(default_factory=dict)
    args: tuple[str, ...] | None = None
    body: str | None = None


class Call(Protocol):
    """A request to somebody else, as the trace of the attempt sees it."""

    @property
    def traceparent(self) -> str:
        """What to send along."""

    def answered(self, status: int) -> None:
        """Hear how it was answered; what is raised inside says why it was not."""


#: Begins a call: its method, its address without secrets, and which try it is, from 1.
Calls = Callable[[str, str, int], AbstractContextManager[Call]]


@dataclass(frozen=True, slots=True)
class Untraced:
    """A call that is recorded nowhere."""

    traceparent: str

    def answered(self, status: int) -> None:
        """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that an executor may know of the attempt it performs."""

    execution_id: str
    root_execution_id: str
    job_id: str
    job_name: str
    attempt: int
    #: ``time.monotonic()`` at which the attempt has had its time; ``None`` for no limit.
    deadline: float | None
    traceparent: str
    parameters: Parameters
    output: Output
    stop: StopSignal
    #: Which claim of the execution this is: after a loss there may be a later one elsewhere.
    epoch: int = 0
    #: Takes the secrets of the attempt out of a text. ``output`` and the outcome's error pass
    #: through it by themselves; what an executor writes elsewhere must.
    masker: Masker = NOTHING
    #: Is told what the work uses from its first second on, where that can be known.
    meter: Meter = NO_METER
    #: ``None`` while calls are recorded nowhere.
    calls: Calls | None = None

    def call(self, method: str, url: str, number: int) -> AbstractContextManager[Call]:
        """Begin a request to somebody else: the try ``number`` of it, from 1."""
        if self.calls is None:
            return nullcontext(Untraced(self.traceparent))
        return self.calls(method, self.masker.text(url), number)

    def within(self, seconds: float | None) -> Self:
        """Return the context with a deadline at most so many seconds from now."""
        if seconds is None:
            return self
        end = time.monotonic() + seconds
        return replace(self, deadline=end if self.deadline is None else min(end, self.deadline))


@dataclass(frozen=True, slots=True)
class Options:
    """What the operator allows, fixed when the worker starts."""

    #: A private folder (mode 0700) for files that live as long as one attempt.
    scratch: Path
    #: Names of the worker's own variables that scripts inherit; ``*`` means all of them.
    shell_env_allow: tuple[str, ...] = ()
    outbound: OutboundPolicy = field(default_factory=OutboundPolicy)
    #: Marks what outlives a worker, such as containers: others may share the machine.
    installation_id: str = ""
    #: The address of the Docker engine.
    docker_host: str = "unix:///var/run/docker.sock"
    containers: ContainerRules = field(default_factory=ContainerRules)
    programs: ProgramRules = field(default_factory=ProgramRules)
    #: The program of claude jobs: a name on PATH, or a path.
    claude_command: str = "claude"
    #: Where claude jobs leave their log files; ``None`` for nowhere.
    claude_logs: Path | None = None
    #: Bytes kept of one stream in a log file.
    max_output_bytes: int = 10 * 1024**2


class Executor(Protocol):
    """Performs specs of one kind. One instance serves one slot, one attempt at a time."""

    def perform(self, spec: Any, context: Context) -> Outcome:
        """Do the work and say how it ended; honour ``deadline`` and ``stop``."""

    def close(self) -> None:
        """Give back what the executor holds: helper processes, connections, files."""
