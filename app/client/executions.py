"""Executions: what ran, and how it ended."""

import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Unpack

from app.client import bulk, lists
from app.client.bulk import BulkStep, BulkTrial
from app.client.connection import Connection, new_key
from app.client.moments import Why
from app.client.things import Execution, Line, Page, Started
from app.client.usage import ExecutionMetrics
from app.client.wishes import ExecutionQuery
from app.domain import execution_state as state
from app.domain.clock import to_wire

_PATH = "/api/executions"
_LINES_A_PAGE = 10_000
#: Beyond every line there is: asks for the status alone.
_NO_LINE = 2**53
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0


class Executions:
    """``client.executions``"""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[ExecutionQuery]) -> Page[Execution]:
        """Return a page of executions; without ``status`` and ``include`` of what has started."""
        return lists.page(self._connection, _PATH, query, Execution)

    def walk(self, **query: Unpack[ExecutionQuery]) -> Iterator[Execution]:
        """Yield all executions that the filters let through, page by page."""
        return lists.walk(self.list, query)

    def get(self, execution_id: str) -> Execution:
        """Return an execution with up to 1 MiB of its output."""
        return Execution.read(self._connection.get(f"{_PATH}/{execution_id}")["data"])

    def cancel(self, execution_id: str, *, force: bool = False) -> str:
        """Cancel an execution; return its status now."""
        answer = self._connection.post(f"{_PATH}/{execution_id}/cancel", {"force": force})
        return str(answer["data"].get("status", ""))

    def try_all(self, act: str, filters: Mapping[str, Any], **given: Any) -> BulkTrial:
        """Tell what doing it to all that the filters let through would come to; do nothing."""
        return bulk.try_all(self._connection, f"{_PATH}/bulk/{act}", filters, given)

    def do_all(self, act: str, filters: Mapping[str, Any], **given: Any) -> Iterator[BulkStep]:
        """Do the same to all executions that the filters let through, some at a time.

        ``act`` is cancel or replay; ``created_before`` of a trial bounds what is meant. It goes
        on only as far as what it yields is taken.
        """
        return bulk.do_all(self._connection, f"{_PATH}/bulk/{act}", filters, given)

    def why(self, execution_id: str) -> Why:
        """Return why an execution ran, was late or did not run."""
        return Why.read(self._connection.get(f"{_PATH}/{execution_id}/why")["data"])

    def metrics(self, execution_id: str, after: datetime | None = None) -> ExecutionMetrics:
        """Return what an execution uses; only its samples later than ``after``, if given."""
        query = {} if after is None else {"after": to_wire(after)}
        found = self._connection.get(f"{_PATH}/{execution_id}/metrics", query)
        return ExecutionMetrics.read(found)

    def replay(self, execution_id: str, *, force: bool = False) -> Started:
        """Run again what has ended badly; ``force`` also what was replayed before."""
        path = f"{_PATH}/{execution_id}/replay"
        answer = self._connection.post(path, {"force": force}, key=new_key())
        return Started.read(answer["data"])

    def discard(self, execution_id: str) -> Execution:
        """Take a dead letter off the list of those that wait for a person."""
        answer = self._connection.post(f"{_PATH}/{execution_id}/discard", {})
        return Execution.read(answer["data"])

    def purge(self, execution_id: str, reason: str | None = None) -> None:
        """Delete an execution that has ended, for good, with all it printed."""
        self._connection.delete(f"{_PATH}/{execution_id}", {"reason": reason})

    def purge_output(self, execution_id: str, reason: str | None = None) -> None:
        """Delete for good what an ended execution printed; how it ended is kept."""
        self._connection.delete(f"{_PATH}/{execution_id}/output", {"reason": reason})

    def logs(self, execution_id: str, after: int = 0) -> Iterator[Line]:
        """Yield the lines there are by now, behind the line number ``after``."""
        while lines := self._lines(execution_id, after)[0]:
            yield from lines
            after = lines[-1].number

    def follow(self, execution_id: str, after: int = 0) -> Iterator[Line]:
        """Yield lines as they come, until the execution has ended."""
        pause = _SHORTEST_PAUSE
        while True:
            lines, status = self._lines(execution_id, after)
            yield from lines
            if lines:
                after, pause = lines[-1].number, _SHORTEST_PAUSE
            elif status in state.FINAL:
                return
            else:
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)

    def wait(self, execution_id: str, seconds: float | None = None) -> Execution:
        """Return an execution when it has ended, or as it is when the time is over."""
        deadline = None if seconds is None else time.monotonic() + seconds
        pause = _SHORTEST_PAUSE
        while self._lines(execution_id, _NO_LINE, 1)[1] not in state.FINAL:
            left = _LONGEST_PAUSE if deadline is None else deadline - time.monotonic()
            if left <= 0:
                break
            time.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        return self.get(execution_id)

    def retry_of(self, execution: Execution) -> Execution | None:
        """Return the attempt that follows a failed one; ``None`` if there is none."""
        active = self.list(job_id=execution.job_id, status=state.ACTIVE, limit=100)
        started = self.list(job_id=execution.job_id, limit=100)
        rows = chain(active, started)
        return next((row for row in rows if row.parent_execution_id == execution.id), None)

    def _lines(self, execution_id: str, after: int, limit: int = _LINES_A_PAGE) -> tuple[Any, str]:
        query = {"after": after, "limit": limit}
        answer = self._connection.get(f"{_PATH}/{execution_id}/logs", query)
        return [Line.read(line) for line in answer["data"]], str(answer["status"])
