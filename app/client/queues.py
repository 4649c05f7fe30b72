"""Run queues, and putting work into them."""

from typing import Any, Unpack
from urllib.parse import quote

from app.client.connection import Connection, new_key
from app.client.queue_things import Queue, Stats
from app.client.things import Job
from app.client.wishes import EnqueueFields, QueueEdit


class Queues:
    """``client.queues``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> list[Queue]:
        """Return all run queues, by name."""
        return [Queue.read(row) for row in self._connection.get("/api/queues")["data"]]

    def get(self, name: str) -> Queue:
        """Return a run queue."""
        return Queue.read(self._connection.get(_path(name))["data"])

    def update(self, name: str, **fields: Unpack[QueueEdit]) -> Queue:
        """Set the limit and the rate of a queue; ``None`` takes one away."""
        return Queue.read(self._connection.patch(_path(name), fields)["data"])

    def pause(self, name: str, reason: str | None = None) -> Queue:
        """Pause a queue: nothing of it begins but manual starts."""
        return Queue.read(self._connection.post(f"{_path(name)}/pause", {"reason": reason})["data"])

    def resume(self, name: str) -> Queue:
        """Let a paused queue go on."""
        return Queue.read(self._connection.post(f"{_path(name)}/resume")["data"])

    def enqueue(self, payload: dict[str, Any], **fields: Unpack[EnqueueFields]) -> Job:
        """Put work into a queue; the payload's ``type`` is the type of job."""
        body = {**fields, "payload": payload}
        return Job.read(self._connection.post("/api/enqueue", body, key=new_key())["data"])

    def stats(self) -> Stats:
        """Return how many executions wait, run and have ended."""
        return Stats.read(self._connection.get("/api/stats")["data"])


def _path(name: str) -> str:
    return f"/api/queues/{quote(name, safe='')}"
