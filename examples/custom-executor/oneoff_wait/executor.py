"""Performs wait jobs. Only workers import this, so what it needs is needed there alone."""

import time

from oneoff_wait import WaitSpec
from workers.executors.base import EXIT_CANCELLED, EXIT_TIMEOUT, Context, Options, Outcome


class WaitExecutor:
    """Waits until it is time, or until it is told to stop."""

    def __init__(self, options: Options) -> None:
        """Nothing of what the operator allows matters here."""

    def perform(self, spec: WaitSpec, context: Context) -> Outcome:
        """Wait and say how it ended."""
        end = time.monotonic() + spec.seconds
        until = end if context.deadline is None else min(end, context.deadline)
        context.output.write("stdout", f"waiting for {spec.seconds} seconds\n".encode())
        if context.stop.wait(max(0.0, until - time.monotonic())):
            return _stopped(context)
        if until < end:
            return Outcome("timeout", EXIT_TIMEOUT, "Waiting timed out", "TIMEOUT")
        return Outcome("completed", 0)

    def close(self) -> None:
        """Nothing is held between attempts."""


def _stopped(context: Context) -> Outcome:
    match context.stop.reason:
        case "shutdown":
            return Outcome("failed", None, "The worker shut down", "WORKER_SHUTDOWN")
        case "fenced":
            return Outcome("failed", None, "The worker had lost its lease", "FENCED")
    return Outcome("cancelled", EXIT_CANCELLED, "Job cancelled by user", "CANCELLED")
