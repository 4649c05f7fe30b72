"""What one worker process knows of itself: its settings, its queues and its runner."""

import functools
import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil
from sqlalchemy.orm import Session

from app.services import workers
from app.settings import Settings
from workers.executors.base import Options
from workers.runner import Runner

_settings: Settings | None = None
_worker_id = ""
_queues: tuple[str, ...] = ()
_slots = 1
_all_queues: tuple[float, tuple[str, ...]] = (0.0, ())


def prepare(settings: Settings, worker_id: str, queues: tuple[str, ...], slots: int) -> None:
    """Tell this process, and those it will fork, who they are; no ``queues`` means all."""
    global _settings, _worker_id, _queues, _slots
    _settings, _worker_id, _queues, _slots = settings, worker_id, queues, slots


def settings() -> Settings:
    """Return the settings of this start."""
    assert _settings is not None  # noqa: S101 - prepare() comes first
    return _settings


def worker_id() -> str:
    """Return the id of the worker this process belongs to."""
    return _worker_id


def queues(session: Session) -> tuple[str, ...]:
    """Return the run queues this process serves, in order.

    Without a choice of the operator's these are all there are, looked up once a second.
    """
    global _all_queues  # noqa: PLW0603 - a cache of this process
    if _queues:
        return _queues
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
    own = settings()
    made = Runner(
        worker=_worker_id,
        queues=queues,
        options=Options(_scratch(own, pid), own.shell_env_allow, own.outbound),
        lease=own.lease_seconds,
        grace=own.shutdown_grace_seconds,
        max_output_bytes=own.max_output_bytes,
        # SQLite has one writer: large claims of one process would make the others wait.
        slots=_slots,
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
