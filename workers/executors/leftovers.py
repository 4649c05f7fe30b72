"""Finds and kills the processes of an attempt when the helper that knew them is gone."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: The variable by which each process of an attempt is known, as long as it keeps its environment.
MARK = "ONEOFF_EXECUTION_ID"

_SECONDS = 5.0


def kill_marked(execution_id: str) -> None:
    """Kill every process that carries this execution's mark, until there is none (needs /proc)."""
    until = time.monotonic() + _SECONDS
    while (pids := list(_marked(execution_id))) and time.monotonic() < until:
        for pid in pids:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)


def _marked(execution_id: str) -> Iterator[int]:
    mark = f"{MARK}={execution_id}".encode()
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)
