"""A recording output, and ways to look at what an attempt leaves behind."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from workers.executors.base import Stream
from workers.executors.helper import descendants

PATIENCE_SECONDS = 15.0


class Recorder:
    """Keeps what is written, up to a limit for each stream, and counts the rest."""

    def __init__(self, limit: int = 4_000_000) -> None:
        self._limit = limit
        self._kept: dict[Stream, bytearray] = {}
        self._grown = threading.Condition()
        self.size = 0

    def write(self, stream: Stream, data: bytes) -> None:
        with self._grown:
            kept = self._kept.setdefault(stream, bytearray())
            kept += data[: self._limit - len(kept)]
            self.size += len(data)
            self._grown.notify_all()

    def data(self, stream: Stream) -> bytes:
        return bytes(self._kept.get(stream, b""))

    def text(self, stream: Stream = "stdout") -> str:
        return self.data(stream).decode()

    def lines(self, stream: Stream = "stdout") -> list[str]:
        return self.text(stream).splitlines()

    def wait_for(self, text: str, stream: Stream = "stdout") -> None:
        with self._grown:
            seen = self._grown.wait_for(lambda: text in self.text(stream), PATIENCE_SECONDS)
        assert seen, f"{text!r} was not printed, but {self.text(stream)!r}"


def eventually(condition: Callable[[], object]) -> bool:
    """Return whether the condition comes true within a generous time."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def is_alive(pid: int) -> bool:
    """Return whether this process exists and is no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    return stat.rpartition(b")")[2].split()[0] not in {b"Z", b"X"}


def children() -> set[int]:
    """Return the pids of all descendants of this process."""
    return {pid for pid, _ in descendants(os.getpid())}


def descriptors() -> set[str]:
    """Return the open descriptors of this process and what they are."""
    found = set()
    for path in Path("/proc/self/fd").iterdir():
        try:
            found.add(f"{path.name} {path.readlink()}")
        except FileNotFoundError:  # the one by which we list
            continue
    return found


def memory(field: str) -> int:
    """Return a memory figure of this process (VmRSS, VmHWM) in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def forget_peak_memory() -> None:
    """Make VmHWM start again from the present resident size."""
    Path("/proc/self/clear_refs").write_text("5")
