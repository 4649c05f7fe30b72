"""The output of executions while they run: read once for all who watch it.

One thread reads the new lines of all watched executions a few times a second and keeps the newest
of each for its watchers. A watcher that is behind reads what was before from the rows; one that
falls behind while it watches is told which lines it has missed.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.db import reading
from app.domain import execution_state as state
from app.domain.clock import to_wire
from app.models import Execution
from app.services import logs

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 0.25
#: What is kept of one watched execution at most.
KEPT_LINES: Final = 10_000
KEPT_BYTES: Final = 4 * 1024**2
PAGE: Final = 2_000
_STATUS = (Execution.status, Execution.exit_code, Execution.error, Execution.error_code)


@dataclass(frozen=True, slots=True)
class Message:
    """A line, or a gap, as it goes to watchers; ``last`` is where one stands behind it."""

    first: int
    last: int
    text: str


class Watched:
    """The newest lines of one execution, and how it is."""

    def __init__(self, execution_id: str, last: int) -> None:
        self.execution_id = execution_id
        self.watchers = 0
        self.last = last
        #: How it is, as it goes to watchers, and how often that has changed.
        self.status: tuple[int, str] = (0, "")
        self.is_over = False
        self._lines: deque[Message] = deque()
        self._bytes = 0
        self._ready = threading.Condition()

    def add(self, messages: list[Message], status: str, *, is_over: bool) -> None:
        """Add what has come."""
        with self._ready:
            for one in messages:
                self._lines.append(one)
                self._bytes += len(one.text)
                self.last = one.last
            while self._bytes > KEPT_BYTES or len(self._lines) > KEPT_LINES:
                self._bytes -= len(self._lines.popleft().text)
            if status != self.status[1]:
                self.status = (self.status[0] + 1, status)
            self.is_over = is_over
            self._ready.notify_all()

    def first_kept(self) -> int:
        """Return the number of the first line that is kept; behind the last if none is."""
        return self._lines[0].first if self._lines else self.last + 1

    def take(self, after: int, version: int, seconds: float) -> tuple[list[Message], int]:
        """Return what is kept behind a line, and the first number kept; waits for news."""
        with self._ready:
            if self.last <= after and self.status[0] == version and not self.is_over:
                self._ready.wait(seconds)
            first = self.first_kept()
            found: list[Message] = []
            for one in reversed(self._lines):
                if one.last <= after:
                    break
                found.append(one)
        return found[::-1][:PAGE], first


class Outputs:
    """All executions whose output somebody watches in this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._thread: threading.Thread | None = None

    def join(self, execution_id: str) -> Watched:
        """Return what is watched of an execution; to be left again."""
        with reading() as session:
            last = logs.last_number(session, execution_id)
        with self._guard:
            found = self._watched.get(execution_id)
            if found is None:
                found = self._watched[execution_id] = Watched(execution_id, last)
            found.watchers += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="outputs", daemon=True)
                self._thread.start()
        return found

    def leave(self, watched: Watched) -> None:
        """Watch no more."""
        with self._guard:
            watched.watchers -= 1
            if not watched.watchers:
                self._watched.pop(watched.execution_id, None)

    def close(self) -> None:
        """Wait for the end of the thread, once nobody watches."""
        thread = self._thread
        if thread is not None:
            thread.join(5)

    def _work(self) -> None:
        while True:
            with self._guard:
                watched = [one for one in self._watched.values() if not one.is_over]
                if not self._watched:
                    self._thread = None
                    return
            for one in watched:
                try:
                    _read_news(one)
                except SQLAlchemyError as error:
                    log.debug("output can't be read: %s", type(error).__name__)
                except Exception:
                    log.exception("the output of an execution can't be told")
            time.sleep(TICK_SECONDS)


def _read_news(watched: Watched) -> None:
    """Read how an execution is, and then what it has printed until now."""
    with reading() as session:
        query = sa.select(*_STATUS).where(Execution.id == watched.execution_id)
        row = session.execute(query).first()
        messages = as_messages(logs.read(session, watched.execution_id, watched.last, PAGE))
    # Once it has ended nothing comes behind the lines that are there.
    is_final = row is None or row.status in state.FINAL
    status = watched.status[1] if row is None else _status(row)
    watched.add(messages, status, is_over=is_final and not messages)


def replay(execution_id: str, after: int) -> list[Message]:
    """Return a page of what was printed behind a line, from the rows."""
    with reading() as session:
        return as_messages(logs.read(session, execution_id, after, PAGE))


def as_messages(lines: list[logs.Line]) -> list[Message]:
    """Return lines as they go to watchers."""
    found = []
    for line, following in zip(lines, [*lines[1:], None], strict=False):
        if not line.is_gap:
            found.append(Message(line.number, line.number, _line(line)))
        elif following is not None:
            found.append(gap(line.number, following.number - 1))
    return found


def gap(first: int, last: int) -> Message:
    """Return what tells that lines are missing."""
    return Message(first, last, _json({"type": "gap", "from": first, "to": last}))


def end() -> str:
    """Return what tells that nothing more comes."""
    return _json({"type": "end"})


def _line(line: logs.Line) -> str:
    return _json({"type": "line", **line.wire(), "time": to_wire(line.time)})


def _status(row: Any) -> str:
    values = {column.name: getattr(row, column.name) for column in _STATUS}
    return _json({"type": "status", **values})


def _json(value: dict[str, Any]) -> str:
    return orjson.dumps(value).decode()
