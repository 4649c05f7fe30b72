"""The product under measurement: its roles as processes, its database and broker at hand."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time

import sqlalchemy as sa

from app import bootstrap, db, settings
from app.cli import broker_server, serve
from app.models import Worker
from app.settings import Settings
from bench import databases
from bench.stage import Stage, end, memory_of, until

ALL = ("broker", "worker", "dispatcher", "auxiliary", "beat")
_WORKERS = ("worker", "dispatcher", "auxiliary")


class Product:
    """One installation on a database of its own; this process is attached to it."""

    def __init__(self, stage: Stage, database: str, **extra: str) -> None:
        self.stage = stage
        self.process: subprocess.Popen[bytes] | None = None
        self.environ = {
            "DATA_DIR": str(stage.folder / "data"),
            "DATABASE_URL": databases.fresh(stage, database),
            "PORT": str(databases.free_port()),
            "WORKERS_COUNT": "2",
            "SHUTDOWN_GRACE_SECONDS": "1",
            "LOG_LEVEL": "warn",
            **extra,
        }
        self.settings: Settings = settings.load({}, self.environ)
        self.settings.folder.mkdir(exist_ok=True)
        db.forget_engines()
        serve.migrate(self.settings)
        bootstrap.start("bench", self.settings)
        stage.at_end(db.forget_engines)

    def start(self, *roles: str) -> None:
        """Start roles, all but the API by default, and wait until the workers take messages."""
        names = roles or ALL
        self.process = self.spawn(*names)
        if "broker" in names and not broker_server.answers(self.settings, 10):
            raise TimeoutError("the broker does not answer")
        expected = sum(name in _WORKERS for name in names)
        until(lambda: self.consuming() >= expected, 30, f"workers; see {self.log()}", 0.05)

    def spawn(self, *roles: str) -> subprocess.Popen[bytes]:
        """Start roles without waiting for anything."""
        command = [sys.executable, "-m", "bench.roles", *roles]
        return self.stage.spawn(command, "product.log", self.environ)

    def stop(self) -> None:
        """Stop all roles."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def memory(self) -> int:
        """Return the memory of all processes together, in bytes."""
        assert self.process is not None
        return memory_of(self.process)

    def worker(self) -> int:
        """Return the process number of the worker of run queues that started last."""
        return self.workers()[0]

    def workers(self) -> list[int]:
        """Return the workers of run queues, the newest first; each leads a process group."""
        query = (
            sa.select(Worker.pid)
            .where(Worker.stopped_at.is_(None), Worker.queues.contains("default"))
            .order_by(Worker.started_at.desc())
        )
        with db.reading() as session:
            found = list(session.scalars(query))
        assert found, self.log()
        return found

    def pause(self) -> None:
        """Halt the workers of run queues and their pools' processes, none in a transaction."""
        pids = self.workers()
        for _ in range(100):
            _signal_groups(pids, signal.SIGSTOP)
            if self._can_write():
                return
            _signal_groups(pids, signal.SIGCONT)
            time.sleep(0.05)
        raise TimeoutError("the worker is never without a transaction")

    def _can_write(self) -> bool:
        """Return whether nobody holds SQLite's one lock for writers."""
        if not db.is_sqlite():
            return True
        path = self.settings.database.removeprefix("sqlite:///")
        with contextlib.closing(sqlite3.connect(path, timeout=0.3)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            connection.rollback()
        return True

    def resume(self) -> float:
        """Let the workers go on; return the moment."""
        pids = self.workers()
        moment = time.time()
        _signal_groups(pids, signal.SIGCONT)
        return moment

    def log(self) -> str:
        """Return the end of what the product logged."""
        return (self.stage.folder / "product.log").read_text(errors="replace")[-3000:]

    def consuming(self) -> int:
        """Return how many workers take messages."""
        query = sa.select(sa.func.count()).where(
            Worker.stopped_at.is_(None), Worker.consumed_at.is_not(None)
        )
        with db.reading() as session:
            return session.scalar(query) or 0


def _signal_groups(leaders: list[int], number: signal.Signals) -> None:
    for leader in leaders:
        os.killpg(leader, number)
