"""Celery's events, for those who watch with Flower: each execution shown as a task of its own.

Sending never delays a job and never fails one: what can't be sent at once is dropped.
"""

import logging
import os
import queue
import threading
import time
from typing import Any

from app.domain.clock import now
from app.gateways import broker
from app.version import VERSION

log = logging.getLogger(__name__)

_WAITING = 1000
_PAUSE_AFTER_FAILURE = 5.0
_SOFTWARE = {"sw_ident": "oneoff", "sw_ver": VERSION, "sw_sys": "Linux"}


def node_name(worker_id: str) -> str:
    """Return the name under which Celery knows a worker of ours."""
    return f"oneoff@{worker_id}"


class TaskEvents:
    """A sender of one worker's events, with a thread of its own from the first event on."""

    def __init__(self, worker_id: str) -> None:
        self._node = node_name(worker_id)
        self._queue: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue(_WAITING)
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()

    def send(self, kind: str, **fields: Any) -> None:
        """Send an event such as ``task-started`` soon, or drop it if too many wait."""
        fields["timestamp"] = now().timestamp()
        try:
            self._queue.put_nowait((kind, fields))
        except queue.Full:
            return
        with self._guard:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True)
                self._thread.start()

    def heartbeat(self, *, active: int, every: float) -> None:
        """Say that the worker lives."""
        load = [round(value, 2) for value in os.getloadavg()]
        self.send("worker-heartbeat", freq=every, active=active, loadavg=load, **_SOFTWARE)

    def _work(self) -> None:
        while True:
            try:
                self._send_all()
            except Exception as error:
                log.debug("can't send events: %s", error)
                time.sleep(_PAUSE_AFTER_FAILURE)

    def _send_all(self) -> None:
        app = broker.publisher()
        with app.connection_for_write() as connection:
            dispatcher = app.events.Dispatcher(
                connection, hostname=self._node, buffer_while_offline=False
            )
            while True:
                kind, fields = self._queue.get()
                dispatcher.send(kind, **fields)
