"""What one worker process knows of itself: its settings, its queues and its runner."""

import functools
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy.orm import Session

from app.services import workers
from app.settings import Settings
from workers.executors.base import Options
from workers.runner import Runner


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose work a worker does, and who it is; no ``queues`` means all run queues."""

    settings: Settings
    installation_id: str
    worker_id: str
    queues: tuple[str, ...]
    slots: int


_identity: Identity | None = None
_all_queues: tuple[float, tuple[str, ...]] = (0.0, ())


def prepare(identity: Identity) -> None:
    """Tell this process, and those it will fork, who they are."""
    global _identity  # noqa: PLW0603 - fixed at the start of the process
    _identity = identity


def identity() -> Identity:
    """Return who this process is."""
    assert _identity is not None  # noqa: S101 - prepare() comes first
    return _identity


def settings() -> Settings:
    """Return the settings of this start."""
    return identity().settings


def worker_id() -> str:
    """Return the id of the worker this process belongs to."""
    return identity().worker_id


def queues(session: Session) -> tuple[str, ...]:
    """Return the run queues this process serves, in order.

    Without a choice of the operator's these are all there are, looked up once a second.
    """
    global _all_queues  # noqa: PLW0603 - a cache of this process
    if identity().queues:
        return identity().queues
    read_at, known = _all_queues
    if not known or time.monotonic() - read_at > 1:
        known = workers.run_queues(session)
        _all_queues = (time.monotonic(), known)
    return known


def runner() -> Runner:
    """Return this process's runner; it is made in each pool process, after the fork."""
    return _runner(os.getpid())


@functools.cache
def _runner(pid: int) -> Runner:
    me, own = identity(), settings()
    made = Runner(
        worker=me.worker_id,
        queues=queues,
        options=Options(
            scratch=_scratch(own, pid),
            shell_env_allow=own.shell_env_allow,
            outbound=own.outbound,
            installation_id=me.installation_id,
            docker_host=own.docker_host,
            containers=own.containers,
            programs=own.programs,
            claude_command=own.claude_command,
            claude_logs=own.claude_logs,
            max_output_bytes=own.max_output_bytes,
        ),
        lease=own.lease_seconds,
        grace=own.shutdown_grace_seconds,
        max_output_bytes=own.max_output_bytes,
        slots=me.slots,
        # SQLite has one writer: large claims of one process would make the others wait.
        most_ahead=10 if own.database.startswith("sqlite") else 50,
    )
    made.start()
    return made


def _scratch(own: Settings, pid: int) -> Path:
    """Return a private folder of this process for files that live as long as an attempt."""
    folder = own.folder / "jobs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{pid}-", dir=folder))


def sweep_scratch() -> None:
    """Remove the folders of processes that are no more."""
    for folder in settings().folder.glob("jobs/*-*"):
        pid = folder.name.partition("-")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)
