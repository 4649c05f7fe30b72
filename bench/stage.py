"""The place where a measurement happens: a folder and processes, all gone at the end."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil

from app.cli.supervisor import die_with_parent

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[1]
_STOP_SECONDS = 20.0


class Stage:
    """A folder for one measurement, and the processes started for it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oneoff-bench-"))
        self.folder.chmod(0o755)
        self._processes: list[subprocess.Popen[bytes]] = []
        self._at_end: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for process in reversed(self._processes):
            end(process)
        for action in reversed(self._at_end):
            action()
        shutil.rmtree(self.folder, ignore_errors=True)

    def at_end(self, action: Callable[[], object]) -> None:
        """Have something done when the measurement is over, even if it fails."""
        self._at_end.append(action)

    def spawn(
        self, command: Sequence[str], log: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a process that ends with the stage, or with this process whatever it dies of."""
        parent = os.getpid()
        with (self.folder / log).open("ab") as file:
            process = subprocess.Popen(
                command,
                env={**_environ(), **(environ or {})},
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509 - one thread here
            )
        self._processes.append(process)
        return process


def _environ() -> dict[str, str]:
    """Return what a child inherits; settings of an installation on this machine are not."""
    kept = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all below it: first asked, then killed."""
    if process.poll() is not None:
        return
    below = _descendants(process.pid)
    os.kill(process.pid, signal.SIGCONT)
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for other in below:
        if other.is_running():
            other.kill()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def family(pid: int) -> list[psutil.Process]:
    """Return a process and all below it; nothing if it is gone."""
    try:
        return [psutil.Process(pid), *_descendants(pid)]
    except psutil.Error:
        return []


def memory_of(process: subprocess.Popen[bytes]) -> int:
    """Return the memory of a process and all below it: each shared page counted once (PSS)."""
    return sum(_pss(member.pid) for member in family(process.pid))


def _pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def until(look: Callable[[], T], seconds: float, what: str, pause: float = 0.02) -> T:
    """Poll until something is true and return it. Raises ``TimeoutError``."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}")
        time.sleep(pause)


def say(line: str) -> None:
    """Tell the person who waits what happens."""
    print(line, file=sys.stderr, flush=True)
