"""A page of memory that a worker and its processes share: stop flag, watchers, deadlines.

Each worker makes its own before it forks its pool: one that it inherited belongs to all that
inherited it, and one worker's stop would be everybody's. Moments are on the machine's monotonic
clock, the same in all processes.
"""

import mmap
import os
import struct
import time

_MOMENT = struct.Struct("d")
_ENTRY = struct.Struct("qd")
_ENTRIES = 1024

#: Two moments come first: since when the worker stops, and until when somebody watches.
_STOPPING, _WATCHED, _DEADLINES = 0, _MOMENT.size, 2 * _MOMENT.size
_SIZE = _DEADLINES + _ENTRIES * _ENTRY.size
_page = mmap.mmap(-1, _SIZE)


def renew() -> None:
    """Begin a page for this process and those that it will fork."""
    global _page  # noqa: PLW0603 - the process has one page
    _page = mmap.mmap(-1, _SIZE)


def ask_to_stop() -> None:
    """Tell all processes of this worker to claim nothing more."""
    if not stopping_since():
        _MOMENT.pack_into(_page, _STOPPING, time.monotonic())


def stopping_since() -> float:
    """Return when the worker was told to stop; 0 while it runs."""
    since: float = _MOMENT.unpack_from(_page, _STOPPING)[0]
    return since


def watch_for(seconds: float) -> None:
    """Note that somebody asks for events, and will for so long."""
    _MOMENT.pack_into(_page, _WATCHED, time.monotonic() + seconds)


def is_watched() -> bool:
    """Return whether somebody has asked for events lately."""
    until: float = _MOMENT.unpack_from(_page, _WATCHED)[0]
    return time.monotonic() < until


def burn_until(deadline: float | None) -> None:
    """Have the watchdog end this process if it still runs its work long after ``deadline``."""
    offset = _DEADLINES + os.getpid() % _ENTRIES * _ENTRY.size
    _ENTRY.pack_into(_page, offset, os.getpid(), deadline or 0.0)


def blown(pid: int, grace: float) -> bool:
    """Return whether a process is more than ``grace`` seconds over its deadline."""
    offset = _DEADLINES + pid % _ENTRIES * _ENTRY.size
    owner, deadline = _ENTRY.unpack_from(_page, offset)
    return bool(owner == pid and deadline and time.monotonic() > deadline + grace)
