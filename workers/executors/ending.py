"""How a command ended, and what that means for the attempt."""

import errno
import os
import signal
from dataclasses import dataclass, field
from typing import Literal

from app.domain.masking import Masker
from workers.executors.base import EXIT_CANCELLED, EXIT_TIMEOUT, Context, Outcome, Usage
from workers.executors.stop import StopReason

_TAIL_BYTES = 1024

Stopped = StopReason | Literal["timeout"]


@dataclass(frozen=True, slots=True)
class StartFailure:
    """Why there was nothing to run: the step (fork, nice, user, chdir, exec) and its errno."""

    step: str
    errno: int

    @property
    def reason(self) -> str:
        """Return the system's words for it."""
        return os.strerror(self.errno)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a command ended: exactly one of the first four says it."""

    #: The exit code, or minus the number of the signal it died of.
    status: int | None = None
    #: Why we ended it; ``None`` if it had ended by itself before our first signal.
    stopped: Stopped | None = None
    failure: StartFailure | None = None
    #: The process that forks for us is gone, and with it the news of how the command ended.
    is_lost: bool = False
    seconds: float = 0.0
    #: The end of what it wrote to stderr, without the white space around it.
    stderr_tail: str = ""
    usage: Usage = field(default_factory=Usage)


class Tail:
    """The last bytes of one stream, without secrets: cut first, one could not be recognised."""

    def __init__(self, masker: Masker) -> None:
        self._stream = masker.stream()
        self._kept = b""

    def add(self, data: bytes) -> None:
        """Note what has come."""
        self._keep(self._stream.feed(data))

    def text(self) -> str:
        """Return the end of it all, without the white space around it; the stream is over."""
        self._keep(self._stream.end())
        # It may begin in the middle of a character.
        return self._kept.decode("utf-8", "replace").lstrip("\ufffd").strip()

    def _keep(self, data: bytes) -> None:
        self._kept = (self._kept + data[-_TAIL_BYTES:])[-_TAIL_BYTES:]


def why_to_stop(context: Context, now: float) -> Stopped | None:
    """Return why the attempt has to end at this moment of the monotonic clock, if it has to."""
    if context.stop.reason is not None:
        return context.stop.reason
    return "timeout" if context.deadline is not None and now >= context.deadline else None


def outcome_of(ending: Ending, noun: str) -> Outcome:
    """Judge an ending. ``noun`` begins the sentence: ``Script`` exited with code 3."""
    if ending.failure is not None:
        return _not_started(ending.failure)
    if ending.stopped is not None:
        return _stopped(ending.stopped, ending, noun)
    if ending.status is None:
        text = f"{noun} was lost: the process that watched over it died, so it was killed"
        return Outcome("failed", error=text, error_code="HELPER_LOST", usage=ending.usage)
    if ending.status == 0:
        return Outcome("completed", exit_code=0, usage=ending.usage)
    return _failed(ending.status, ending, noun)


def _failed(status: int, ending: Ending, noun: str) -> Outcome:
    text, code, exit_code = f"{noun} exited with code {status}", "EXIT_CODE", status
    if status < 0:
        text, code = f"{noun} was killed by signal {_signal_name(-status)}", "KILLED_BY_SIGNAL"
        exit_code = 128 - status
    if ending.stderr_tail:
        text += f": {ending.stderr_tail}"
    return Outcome("failed", exit_code, text, code, ending.usage)


def _stopped(why: Stopped, ending: Ending, noun: str) -> Outcome:
    usage = ending.usage
    if why == "timeout":
        text = f"{noun} timed out after {ending.seconds:.3g} seconds"
        return Outcome("timeout", EXIT_TIMEOUT, text, "TIMEOUT", usage)
    if why == "shutdown":
        text = f"{noun} was ended because the worker shut down"
        return Outcome("failed", error=text, error_code="WORKER_SHUTDOWN", usage=usage)
    if why == "fenced":
        text = f"{noun} was ended because this worker had lost its lease on the execution"
        return Outcome("failed", error=text, error_code="FENCED", usage=usage)
    return Outcome("cancelled", EXIT_CANCELLED, "Job cancelled by user", "CANCELLED", usage)


def _not_started(failure: StartFailure) -> Outcome:
    codes = {"chdir": "WORKING_DIR_MISSING", "user": "RUN_AS_NOT_PERMITTED"}
    texts = {"chdir": "The working directory can't be entered", "user": "Can't change the user"}
    code = codes.get(failure.step, "START_FAILED")
    text = texts.get(failure.step, "Execution error: the command could not be started")
    if failure.errno == errno.E2BIG:
        code, text = "ARGUMENTS_TOO_LONG", "Arguments and environment are too long"
    return Outcome("failed", error=f"{text}: {failure.reason}", error_code=code)


def _signal_name(number: int) -> str:
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)
