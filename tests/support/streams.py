"""Listening to ``GET /api/events`` in tests."""

import contextlib
import http.client
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Heard:
    """An event as a browser gets it."""

    name: str = "message"
    id: str | None = None
    data: list[str] = field(default_factory=list)

    @property
    def json(self):
        """The event's data."""
        return json.loads("\n".join(self.data))


class Listener:
    """A browser's EventSource, without its reconnecting."""

    def __init__(self, url, headers=None, last=None):
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
        more = {} if last is None else {"Last-Event-ID": last}
        self.connection.request("GET", "/api/events", headers={**(headers or {}), **more})
        self.socket = self.connection.sock  # the connection forgets it
        self.answer = self.connection.getresponse()
        self.heard: list[Heard] = []
        self.has_ended = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        now = Heard()
        try:
            while line := self.answer.readline():
                text = line.decode().rstrip("\n")
                name, _, value = text.partition(": ")
                if not text:
                    if now.data:
                        self.heard.append(now)
                    now = Heard(id=now.id)
                elif name == "data":
                    now.data.append(value)
                elif name in ("event", "id"):
                    setattr(now, "name" if name == "event" else "id", value)
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass
        self.has_ended.set()

    def changes(self, job_id=None):
        """Return what was heard, of one job or of all."""
        found = [h.json for h in list(self.heard) if h.name == "job-update"]
        return [c for c in found if job_id in (None, c["job_id"])]

    def kinds(self, job_id):
        """Return type and status of all that was heard of a job."""
        return [(c["type"], c["status"]) for c in self.changes(job_id)]

    def until(self, true, seconds=20):
        """Wait until something is true of this listener."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if true(self):
                return
            time.sleep(0.01)
        raise AssertionError(f"not heard within {seconds} s: {[h.data for h in self.heard]}")

    def close(self):
        """Go away."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.has_ended.wait(10)
        self.answer.close()
        self.connection.close()
        self.socket.close()
