"""Attends to one container: from its start to the last byte of its output, or to its end by us."""

import math
import selectors
import socket
import ssl
import time
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Self

from workers.executors.base import Context, Usage
from workers.executors.docker_frames import Frames
from workers.executors.ending import Ending, Stopped, Tail, why_to_stop
from workers.executors.gauges.gauge import FIRST_SAMPLE_SECONDS, SAMPLE_SECONDS

if TYPE_CHECKING:
    from workers.executors.docker_engine import Channel, Engine, State

GRACE_SECONDS = 5.0

_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_BLOCK = 262_144
_HARDENED_SECONDS = 0.05  # how often to look whether a cancel has become a force
_LOST_SECONDS = 10.0  # after SIGKILL without news the engine itself must be stuck
_FIRST_SIGHT_SECONDS = 0.3  # of many containers the only one
_FIRST_LOOK_SECONDS = 0.005
_LOOK_SECONDS = 0.5


class Attendance:
    """One container that was made and not yet started; its output goes to the context."""

    def __init__(self, engine: "Engine", name: str, context: Context) -> None:
        self._engine, self._name, self._context = engine, name, context
        self._frames = Frames()
        self._tail = Tail(context.masker)
        self._body = memoryview((context.parameters.body or "").encode("utf-8", "surrogatepass"))
        self._stopped: Stopped | None = None
        self._kill_at = self._lost_at = math.inf
        self._sample_at = math.inf
        self._usage = Usage()
        self._started_at = time.monotonic()

    def __enter__(self) -> Self:
        """Connect to the container, so that nothing of its output is missed."""
        with ExitStack() as stack:
            self._selector = stack.enter_context(selectors.DefaultSelector())
            self._output = self._attach(stack, "stdout", "stderr")
            self._input = self._attach(stack, "stdin") if self._body else None
            self._open = stack.pop_all()
        self._selector.register(self._output.socket, selectors.EVENT_READ, self._on_output)
        if self._input is not None:
            self._selector.register(self._input.socket, selectors.EVENT_WRITE, self._on_input)
        stop = self._context.stop.fileno()
        self._selector.register(stop, selectors.EVENT_READ, partial(self._forget, stop))
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def run(self) -> tuple[Ending, "State"]:
        """Start the container, pass on what it prints, and return how it ended."""
        self._engine.start(self._name)
        self._started_at = time.monotonic()
        self._sample_at = self._started_at + _FIRST_SIGHT_SECONDS
        while self._output.socket in self._selector.get_map():
            for key, _ in self._selector.select(self._pause()):
                key.data()
            self._enforce(time.monotonic())
        state = self._ended_state()
        tail = self._tail.text()
        seconds = time.monotonic() - self._started_at
        stopped = self._why_stopped()
        ending = Ending(state.exit_code, stopped, None, False, seconds, tail, self._usage)  # noqa: FBT003
        return ending, state

    def _attach(self, stack: ExitStack, *streams: str) -> "Channel":
        channel = self._engine.attach(self._name, *streams)
        stack.callback(channel.close)
        return channel

    def _on_output(self) -> None:
        try:
            data = self._output.socket.recv(_BLOCK)
        except _NOT_YET:
            return
        except OSError:
            data = b""
        if not data:
            self._forget(self._output.socket)
        for stream, part in self._frames.feed(data):
            if stream == "stderr":
                self._tail.add(part)
            self._context.output.write(stream, part)

    def _on_input(self) -> None:
        assert self._input is not None  # noqa: S101 - else it would not be watched
        try:
            self._body = self._body[self._input.socket.send(self._body[:_BLOCK]) :]
        except _NOT_YET:
            return
        except OSError:  # it does not want to know
            self._body = memoryview(b"")
        if not self._body:
            self._forget(self._input.socket)
            self._input.close()

    def _forget(self, what: int | socket.socket) -> None:
        self._selector.unregister(what)

    def _pause(self) -> float | None:
        now = time.monotonic()
        if self._stopped is not None or self._lost_at < math.inf:
            return max(0.0, min(self._kill_at - now, self._lost_at - now, _HARDENED_SECONDS))
        deadline = self._context.deadline
        until = min(self._sample_at, math.inf if deadline is None else deadline)
        return None if until == math.inf else max(0.0, until - now)

    def _enforce(self, now: float) -> None:
        """Stop the container when it is time to: first kindly, then not."""
        if self._stopped is None:
            self._sample(now)
            self._begin_to_stop(now)
        is_forced = self._context.stop.reason == "force"
        if self._stopped and (is_forced or now >= self._kill_at) and self._lost_at == math.inf:
            self._kill_at, self._lost_at = math.inf, now + _LOST_SECONDS
            self._engine.kill(self._name, "SIGKILL")
        if now >= self._lost_at and self._output.socket in self._selector.get_map():
            self._forget(self._output.socket)

    def _begin_to_stop(self, now: float) -> None:
        reason = why_to_stop(self._context, now)
        if reason is None or self._lost_at < math.inf:
            return
        if self._engine.kill(self._name, "SIGKILL" if reason == "force" else "SIGTERM"):
            self._stopped, self._kill_at = reason, now + GRACE_SECONDS
        else:  # it had ended by itself; only its last output is still on the way
            self._lost_at = now + _LOST_SECONDS

    def _sample(self, now: float) -> None:
        """Note what the container uses; how much it used at its very end nobody can tell."""
        if now < self._sample_at:
            return
        seconds = now - self._started_at
        is_early = seconds < FIRST_SAMPLE_SECONDS
        self._sample_at = (
            self._started_at + FIRST_SAMPLE_SECONDS if is_early else now + SAMPLE_SECONDS
        )
        reading = self._engine.sample(self._name)
        if reading is None:
            self._sample_at = math.inf
            return
        most = max(reading.memory_bytes, self._usage.max_rss_bytes or 0)
        self._usage = Usage(reading.cpu_seconds, most)
        if not is_early:
            self._context.meter.note(seconds, reading)

    def _ended_state(self) -> "State":
        """Return how it ended; where its output has ended before it, wait for it."""
        pause = _FIRST_LOOK_SECONDS
        while (state := self._engine.state(self._name)).is_running:
            time.sleep(pause)
            pause = min(pause * 2, _LOOK_SECONDS)
            now = time.monotonic()
            if now >= self._lost_at:
                break
            self._enforce(now)
        return state

    def _why_stopped(self) -> Stopped | None:
        """Return the last word: a cancel may have become a force, a shutdown, a fence."""
        is_by_signal = self._stopped not in {None, "timeout"}
        return self._context.stop.reason if is_by_signal else self._stopped
