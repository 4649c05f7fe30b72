"""The system as a whole: its figures, what can be changed at run time, its workers."""

from collections.abc import Sequence
from urllib.parse import quote

from app.client.connection import Connection
from app.client.queue_things import Pause
from app.client.system_things import ConfigRow, Hit, Links, Overview, SystemStatus, WorkersStatus
from app.client.things import Worker
from app.client.usage import Dashboard


class System:
    """``client.system``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def status(self) -> SystemStatus:
        """Return the figures of the system."""
        return SystemStatus.read(self._connection.get("/api/system/status")["data"])

    def dashboard(self) -> Dashboard:
        """Return the installation at a glance."""
        return Dashboard.read(self._connection.get("/api/dashboard/stats")["data"])

    def overview(self, project_id: str | None = None) -> Overview:
        """Return all that the first page shows, of one project or of all."""
        query = {} if project_id is None else {"project_id": project_id}
        return Overview.read(self._connection.get("/api/overview", query)["data"])

    def search(self, words: str, *, kind: Sequence[str] = (), limit: int = 8) -> Sequence[Hit]:
        """Return what is found by a few letters, the best of each kind first.

        ``#412`` finds executions by number, ``nightly #412`` those of a job. ``limit`` is for
        each kind.
        """
        query = {"q": words, "kind": [*kind], "limit": limit}
        return [Hit.read(one) for one in self._connection.get("/api/search", query)["data"]]

    def links(self) -> Links:
        """Return where other tools of the installation are found."""
        return Links.read(self._connection.get("/api/system/links")["data"])

    def pause(self, reason: str | None = None, until: str | None = None) -> Pause:
        """Pause the installation: nothing begins but manual starts. ``until`` is RFC 3339."""
        body = {"reason": reason, "until": until}
        return Pause.read(self._connection.post("/api/system/pause", body)["data"])

    def resume(self) -> Pause:
        """End the pause of the installation."""
        return Pause.read(self._connection.post("/api/system/resume")["data"])

    def config(self) -> list[ConfigRow]:
        """Return what can be changed at run time, by key."""
        return [ConfigRow.read(row) for row in self._connection.get("/api/system/config")["data"]]

    def set_config(self, key: str, value: str) -> None:
        """Set a value, given as JSON text; it holds from now on."""
        self._connection.patch("/api/system/config", {"key": key, "value": value})


class Workers:
    """``client.workers``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> list[Worker]:
        """Return the workers that live."""
        return [Worker.read(row) for row in self._connection.get("/api/workers")["data"]]

    def status(self) -> WorkersStatus:
        """Return how many run slots there are and what they do."""
        return WorkersStatus.read(self._connection.get("/api/workers/status")["data"])

    def drain(self, worker_id: str) -> None:
        """Have a worker take no more work; it goes on with what runs."""
        self._connection.post(f"/api/workers/{quote(worker_id, safe='')}/drain")

    def resume(self, worker_id: str) -> None:
        """Have a drained worker take work again."""
        self._connection.post(f"/api/workers/{quote(worker_id, safe='')}/resume")
