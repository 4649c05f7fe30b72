"""Starts and stops bare Celery beside the product: the same pool, a broker of the same kind."""

import itertools
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import redis

from app.cli.broker_server import binary
from bench import marks, rival_app
from bench.stage import Stage, end, memory_of, until

QUEUE = "celery"
_numbers = itertools.count()


class Rival:
    """A broker and a Celery worker with two pool processes."""

    def __init__(self, stage: Stage, **extra: str) -> None:
        self.stage = stage
        self.marks = stage.folder / "rival.marks"
        self.number = next(_numbers)
        socket = stage.folder / f"rival-{self.number}.sock"
        url = f"redis+socket://{socket}"
        self.environ = {"RIVAL_BROKER": url, **extra}
        command = [str(binary()), "--port", "0", "--unixsocket", str(socket), "--save", ""]
        command += ["--dir", str(stage.folder), "--appendonly", "no"]
        self.broker = stage.spawn(command, "rival-broker.log")
        until(socket.exists, 10, "the rival's broker")
        self.redis: Any = redis.Redis(unix_socket_path=str(socket))
        #: The worker started last, and all of them.
        self.worker: subprocess.Popen[bytes] | None = None
        self._workers: list[subprocess.Popen[bytes]] = []
        _send_to(url)

    def start(self) -> None:
        """Start the worker and wait until it has done a first task."""
        self.spawn()
        self.say_hello()

    def spawn(self) -> None:
        """Start the worker without waiting."""
        options = ["-P", "prefork", "-c", "2", "-l", "WARNING"]
        options += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        command = [sys.executable, "-m", "celery", "-A", "bench.rival_app", "worker", *options]
        self.worker = self.stage.spawn(command, "rival.log", self.environ)
        self._workers.append(self.worker)

    def say_hello(self, seconds: float = 60) -> float:
        """Send a task and wait until it has run; return the moment it did."""
        name = f"hello-{time.monotonic_ns()}"
        rival_app.mark.delay(str(self.marks), name)
        until(lambda: name in marks.read(self.marks), seconds, "the rival", 0.01)
        return marks.read(self.marks)[name][0]

    def stop(self) -> None:
        """End the workers at once; their messages stay."""
        for worker in self._workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
        self._workers, self.worker = [], None

    def close(self) -> None:
        """End the workers and the broker."""
        self.stop()
        self.redis.close()
        end(self.broker)

    def pause(self) -> None:
        """Halt the workers and their pools."""
        for worker in self._workers:
            os.killpg(worker.pid, signal.SIGSTOP)

    def resume(self) -> float:
        """Let the workers go on; return the moment."""
        moment = time.time()
        for worker in self._workers:
            os.killpg(worker.pid, signal.SIGCONT)
        return moment

    def is_idle(self) -> bool:
        """Return whether no message waits and none is in work."""
        keys = [QUEUE, *(f"{QUEUE}\x06\x16{step}" for step in range(1, 10))]
        pipe = self.redis.pipeline()
        for key in keys:
            pipe.llen(key)
        pipe.hlen("unacked")
        return not any(pipe.execute())

    def memory(self) -> int:
        """Return the memory of worker and broker in bytes."""
        assert self.worker is not None
        return memory_of(self.worker) + memory_of(self.broker)


def _send_to(url: str) -> None:
    """Have this process send to another broker than before."""
    rival_app.app.conf.broker_url = url
    rival_app.app._pool = None  # noqa: SLF001 - Celery has no other way
    rival_app.app.amqp._producer_pool = None  # noqa: SLF001


def at(moment: float) -> datetime:
    """Return a moment as Celery wants an ``eta``."""
    return datetime.fromtimestamp(moment, UTC)
