"""A page of memory that a worker and its pool processes share: the stop flag and deadlines.

Made before the fork. Moments are on the machine's monotonic clock, the same in all processes.
"""

import mmap
import os
import struct
import time

_FLAG = struct.Struct("d")
_ENTRY = struct.Struct("qd")
_ENTRIES = 1024

_page = mmap.mmap(-1, _FLAG.size + _ENTRIES * _ENTRY.size)


def ask_to_stop() -> None:
    """Tell all processes of this worker to claim nothing more."""
    if not stopping_since():
        _FLAG.pack_into(_page, 0, time.monotonic())


def stopping_since() -> float:
    """Return when the worker was told to stop; 0 while it runs."""
    since: float = _FLAG.unpack_from(_page, 0)[0]
    return since


def burn_until(deadline: float | None) -> None:
    """Have the watchdog end this process if it still runs its work long after ``deadline``."""
    offset = _FLAG.size + os.getpid() % _ENTRIES * _ENTRY.size
    _ENTRY.pack_into(_page, offset, os.getpid(), deadline or 0.0)


def blown(pid: int, grace: float) -> bool:
    """Return whether a process is more than ``grace`` seconds over its deadline."""
    offset = _FLAG.size + pid % _ENTRIES * _ENTRY.size
    owner, deadline = _ENTRY.unpack_from(_page, offset)
    return bool(owner == pid and deadline and time.monotonic() > deadline + grace)
