"""Waiting for an execution to end, for callers who asked to."""

import threading
import time
from typing import Any

from app.db import reading
from app.services import execution_lists, execution_views

#: No more callers than these wait at a time; the threads of the server are few.
_places = threading.BoundedSemaphore(8)
_SHORTEST, _LONGEST = 0.02, 0.1


def wait_for_end(execution_id: str, seconds: float) -> dict[str, Any]:
    """Return an execution as it is when it has ended, or when the time is over."""
    if not _places.acquire(blocking=False):
        seconds = 0
    try:
        return _wait(execution_id, time.monotonic() + seconds)
    finally:
        if seconds:
            _places.release()


def _wait(execution_id: str, deadline: float) -> dict[str, Any]:
    pause = _SHORTEST
    while True:
        with reading() as session:
            if time.monotonic() >= deadline or execution_views.is_final(
                execution_lists.get(session, execution_id)
            ):
                return execution_lists.detail(session, execution_id)
        time.sleep(min(pause, max(deadline - time.monotonic(), 0.001)))
        pause = min(pause * 1.5, _LONGEST)
