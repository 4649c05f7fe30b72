"""Runs one command at a time for a slot, through the fork helper, and leaves nothing of it."""

import math
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Self

from workers.executors import helper
from workers.executors.base import Context, Stream, Usage
from workers.executors.ending import Ending, StartFailure, Stopped, Tail, why_to_stop
from workers.executors.gauges.gauge import Gauge
from workers.executors.gauges.process_tree import ProcessTree
from workers.executors.leftovers import MARK, kill_marked

GRACE_SECONDS = 5.0

_BLOCK = 262_144
_DRAIN_SECONDS = 1.0  # for those who hold the pipes open and are no descendants
_HARDENED_SECONDS = 0.05  # how often to look whether a cancel has become a force
_LOST_SECONDS = 5.0  # after SIGKILL without news the helper itself must be stuck
_TALK_SECONDS = 10.0
_CLOSE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Command:
    """What to start. ``argv[0]`` is the path of the program: PATH is not searched."""

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    #: Fed to stdin, which is /dev/null without it.
    body: str | None = None
    nice: int = 0
    #: User id, group id and supplementary groups to change to.
    identity: helper.Identity | None = None


class ProcessHost:
    """Owns a fork helper: started at the first command, anew when it has died. Not thread-safe."""

    def __init__(self) -> None:
        self._helper: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def run(self, command: Command, context: Context) -> Ending:
        """Run a command to its end, which ``context`` may hasten; its output goes to ``context``.

        Raises :class:`OSError` only if not even a helper can be started.
        """
        if stopped := why_to_stop(context, time.monotonic()):
            return Ending(stopped=stopped)
        with _Run(context) as run:
            try:
                run.start(command, self._connect(), self._helper_pid())
                run.watch()
            except _HelperLostError:
                self._abandon(context.execution_id)
            except BaseException:
                self._abandon(context.execution_id)
                raise
            run.drain()
            return run.ending()

    def close(self) -> None:
        """End the helper, and with it whatever may still run."""
        if self._socket is not None:
            self._socket.close()
        if self._helper is not None:
            try:
                self._helper.wait(_CLOSE_SECONDS)
            except subprocess.TimeoutExpired:
                self._helper.kill()
                self._helper.wait()
        self._helper = self._socket = None

    def _abandon(self, execution_id: str) -> None:
        self.close()
        kill_marked(execution_id)

    def _helper_pid(self) -> int:
        return 0 if self._helper is None else self._helper.pid

    def _connect(self) -> socket.socket:
        if self._socket is None or self._helper is None or self._helper.poll() is not None:
            self.close()
            self._socket, theirs = socket.socketpair()
            self._socket.settimeout(_TALK_SECONDS)
            with theirs:
                self._helper = _start_helper(theirs.fileno())
        return self._socket


class _HelperLostError(Exception):
    pass


class _Run:
    """One command from its start to the last byte of its output."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._selector = selectors.DefaultSelector()
        self._readers: dict[int, Stream] = {}
        self._body = memoryview(b"")
        self._stdin = -1
        self._tail = Tail(context.masker)
        self._started_at = time.monotonic()
        self._stopped: Stopped | None = None
        self._kill_at = self._lost_at = float("inf")
        self._ending: Ending | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for descriptor in [*self._readers, *([self._stdin] if self._stdin >= 0 else [])]:
            os.close(descriptor)
        self._selector.close()

    def start(self, command: Command, sock: socket.socket, helper_pid: int) -> None:
        """Ask the helper at the other end of the socket to start the command."""
        self._socket = sock
        self._gauge = Gauge(ProcessTree(helper_pid).read, self._context.meter, self._started_at)
        with ExitStack() as theirs:  # their ends are closed here once the helper has its own copies
            stdin = self._open_stdin(command.body)
            theirs.callback(os.close, stdin)
            outputs = []
            for stream in ("stdout", "stderr"):
                read, write = os.pipe()
                theirs.callback(os.close, write)
                outputs.append(write)
                self._readers[read] = "stdout" if stream == "stdout" else "stderr"
                self._watch(read, partial(self._on_output, read))
            env = {**command.env, MARK: self._context.execution_id}
            argv = [_encode(argument) for argument in command.argv]
            encoded = {_encode(name): _encode(value) for name, value in env.items()}
            rest = (_encode(command.cwd), command.nice, command.identity)
            self._tell(("spawn", argv, encoded, *rest), (stdin, *outputs))
        self._selector.register(sock, selectors.EVENT_READ, self._on_helper)
        stop = self._context.stop.fileno()
        self._selector.register(stop, selectors.EVENT_READ, partial(self._forget, stop))

    def watch(self) -> None:
        """Pass on what happens until the command and all its descendants are gone."""
        while self._ending is None:
            for key, _ in self._selector.select(self._pause()):
                key.data()
            self._enforce(time.monotonic())

    def drain(self) -> None:
        """Read what is left in the pipes, without waiting long for somebody else's end of them."""
        for key in list(self._selector.get_map().values()):
            if key.fd not in self._readers:
                self._selector.unregister(key.fd)
        until = time.monotonic() + _DRAIN_SECONDS
        while self._readers and (left := until - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                key.data()

    def ending(self) -> Ending:
        """Return how it ended, with what was seen on the way."""
        ending = self._ending or Ending(is_lost=True, stopped=self._why_stopped())
        tail = self._tail.text()
        return replace(ending, seconds=time.monotonic() - self._started_at, stderr_tail=tail)

    def _open_stdin(self, body: str | None) -> int:
        if not body:
            return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        read, self._stdin = os.pipe()
        self._body = memoryview(body.encode("utf-8", "surrogatepass"))
        os.set_blocking(self._stdin, False)
        self._selector.register(self._stdin, selectors.EVENT_WRITE, self._on_stdin)
        return read

    def _watch(self, descriptor: int, callback: Callable[[], None]) -> None:
        os.set_blocking(descriptor, False)
        self._selector.register(descriptor, selectors.EVENT_READ, callback)

    def _forget(self, descriptor: int) -> None:
        self._selector.unregister(descriptor)

    def _on_output(self, descriptor: int) -> None:
        with suppress(BlockingIOError):
            data = os.read(descriptor, _BLOCK)
            stream = self._readers[descriptor]
            if not data:
                self._forget(descriptor)
                del self._readers[descriptor]
                os.close(descriptor)
                return
            if stream == "stderr":
                self._tail.add(data)
            self._context.output.write(stream, data)

    def _on_stdin(self) -> None:
        try:
            self._body = self._body[os.write(self._stdin, self._body) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it does not want to know
            self._body = memoryview(b"")
        if not self._body:
            self._forget(self._stdin)
            os.close(self._stdin)
            self._stdin = -1

    def _on_helper(self) -> None:
        try:
            received = helper.receive(self._socket)
        except OSError:
            received = None
        if received is None:
            raise _HelperLostError
        name, *values = received[0]
        if name == "failed":
            self._ending = Ending(failure=StartFailure(*values))
            return
        status, was_signalled, cpu_seconds, max_rss_bytes = values
        self._ending = Ending(
            status=os.waitstatus_to_exitcode(status),
            stopped=self._why_stopped() if was_signalled else None,
            usage=Usage(cpu_seconds, max_rss_bytes),
        )

    def _why_stopped(self) -> Stopped | None:
        """Return the last word: a cancel may have become a force, a shutdown, a fence."""
        is_by_signal = self._stopped not in {None, "timeout"}
        return self._context.stop.reason if is_by_signal else self._stopped

    def _pause(self) -> float | None:
        if self._stopped is None:
            deadline = self._context.deadline
            until = self._gauge.due if deadline is None else min(deadline, self._gauge.due)
            return None if until == math.inf else max(0.0, until - time.monotonic())
        until = min(self._kill_at, self._lost_at) - time.monotonic()
        return max(0.0, min(until, _HARDENED_SECONDS))

    def _enforce(self, now: float) -> None:
        if self._ending is not None:
            return
        self._gauge.look(now)
        if self._stopped is None:
            self._stopped = why_to_stop(self._context, now)
            if self._stopped not in {None, "force"}:
                self._kill_at = now + GRACE_SECONDS
                self._tell(("signal", int(signal.SIGTERM)))
        if now >= self._lost_at:
            raise _HelperLostError
        is_forced = self._context.stop.reason == "force"
        if (is_forced or now >= self._kill_at) and self._lost_at == float("inf"):
            self._kill_at, self._lost_at = float("inf"), now + _LOST_SECONDS
            self._tell(("signal", int(signal.SIGKILL)))

    def _tell(self, frame: tuple[object, ...], descriptors: tuple[int, ...] = ()) -> None:
        try:
            helper.send(self._socket, frame, descriptors)
        except OSError as error:
            raise _HelperLostError from error


def _start_helper(descriptor: int) -> subprocess.Popen[bytes]:
    """Start a helper in a session of its own, out of reach of the terminal's signals."""
    environ = os.environ  # noqa: TID251 - no setting of ours, and all it needs of the worker's
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-E", helper.__file__, str(descriptor)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        cwd="/",
        env={name: environ[name] for name in ("LD_LIBRARY_PATH",) if name in environ},
        start_new_session=True,
    )


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
