"""What all processes below one use together, of whatever session and group."""

import functools
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from workers.executors.base import Reading

_PROC = Path("/proc")


@functools.cache
def _installed_memory() -> int:
    return int(psutil.virtual_memory().total)


class ProcessTree:
    """The processes below ``root``, which is itself no part of the work.

    CPU seconds are those of the living, and of the dead whose parent has taken note of their end.
    ``root`` inherits orphans; of those that ended before the first reading nothing is known. The
    memory is the resident size of each; what several share is counted with each of them.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._inherited: float | None = None

    def read(self) -> Reading | None:
        """Return what is used; ``None`` if nothing is there any more."""
        cpu_seconds, memory, count = 0.0, 0, 0
        for pid in _below(self._root):
            with suppress(psutil.Error):  # it has ended meanwhile
                process = psutil.Process(pid)
                with process.oneshot():
                    cpu_seconds += sum(process.cpu_times()[:4])
                    memory += process.memory_info().rss
                count += 1
        if not count:
            return None
        return Reading(cpu_seconds + self._of_orphans(), memory, _installed_memory())

    def _of_orphans(self) -> float:
        try:
            times = psutil.Process(self._root).cpu_times()
        except psutil.Error:
            return 0.0
        ended = float(times.children_user + times.children_system)
        if self._inherited is None:  # it has served earlier commands as well
            self._inherited = ended
        return ended - self._inherited


def _below(root: int) -> list[int]:
    """Return the pids below ``root``; the kernel knows them without a look at all there are."""
    try:
        return list(_walk(root))
    except OSError:  # a kernel without these lists, or no Linux
        with suppress(psutil.Error):
            return [one.pid for one in psutil.Process(root).children(recursive=True)]
        return []


def _walk(root: int) -> Iterator[int]:
    waiting = list(_children(root, is_there=True))
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += _children(pid)


def _children(pid: int, *, is_there: bool = False) -> Iterator[int]:
    """Yield the children of a process, thread by thread; of one that has ended none."""
    folder = _PROC / str(pid) / "task"
    try:
        threads = os.listdir(folder)  # noqa: PTH208 - names only, and often
    except OSError:
        if is_there:
            raise
        return
    for thread in threads:
        try:
            text = (folder / thread / "children").read_bytes()
        except OSError:
            if is_there:
                raise
            continue
        yield from map(int, text.split())
