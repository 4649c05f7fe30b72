"""Dead letters: what has used all its retries and waits for a person."""

from collections.abc import Iterator, Mapping
from typing import Any, Unpack

from app.client import lists
from app.client.burials import DeadLetterBatch, DeadLetterGroup, DeadLetterStats
from app.client.connection import Connection
from app.client.things import Execution, Page
from app.client.wishes import DeadLetterFilters, DeadLetterQuery

_PATH = "/api/dead-letters"
#: A thousand replays are as many units of work.
_PATIENCE_SECONDS = 120
_WIRE = {"date_from": "from", "date_to": "to"}


class DeadLetters:
    """``client.dead_letters``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[DeadLetterQuery]) -> Page[Execution]:
        """Return a page of dead letters, the newest first."""
        return lists.page(self._connection, _PATH, _on_the_wire(query), Execution)

    def walk(self, **query: Unpack[DeadLetterQuery]) -> Iterator[Execution]:
        """Yield all dead letters that the filters let through, page by page."""
        return lists.walk(self.list, query)

    def groups(self, **query: Unpack[DeadLetterQuery]) -> Page[DeadLetterGroup]:
        """Return the dead letters by what their errors have in common."""
        return lists.page(self._connection, f"{_PATH}/groups", _on_the_wire(query), DeadLetterGroup)

    def stats(self, project_id: str | None = None) -> DeadLetterStats:
        """Return how many wait, and how many executions failed or ran out of time."""
        query = {"project_id": project_id}
        return DeadLetterStats.read(self._connection.get(f"{_PATH}/stats", query)["data"])

    def replay(
        self, *, dry_run: bool = False, limit: int = 1000, **filters: Unpack[DeadLetterFilters]
    ) -> DeadLetterBatch:
        """Replay up to ``limit`` of those that the filters let through, the oldest first."""
        return self._act("replay", dry_run, limit, filters)

    def discard(
        self, *, dry_run: bool = False, limit: int = 1000, **filters: Unpack[DeadLetterFilters]
    ) -> DeadLetterBatch:
        """Discard up to ``limit`` of those that the filters let through, the oldest first."""
        return self._act("discard", dry_run, limit, filters)

    def _act(
        self,
        what: str,
        dry_run: bool,  # noqa: FBT001 - handed on by the two above
        limit: int,
        filters: DeadLetterFilters,
    ) -> DeadLetterBatch:
        given = {name: value for name, value in filters.items() if value is not None}
        body = {**_on_the_wire(given), "dry_run": dry_run, "limit": limit}
        return DeadLetterBatch.read(self._ask(what, body))

    def _ask(self, what: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._connection.post(f"{_PATH}/{what}", body, patience=_PATIENCE_SECONDS)
        found: dict[str, Any] = answer["data"]
        return found


def _on_the_wire(given: Mapping[str, Any]) -> dict[str, Any]:
    return {_WIRE.get(name, name): value for name, value in given.items()}
