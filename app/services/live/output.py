"""The output of executions while they run: heard and read once for all who watch it.

One thread hears what workers tell of the watched executions, and reads their rows a few times a
second: for what was not told, for how they are, and for everything where there is no feed.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.db import reading
from app.domain import execution_state as state
from app.gateways import live_output, live_place
from app.models import Execution
from app.services import logs
from app.services.live import ending, messages
from app.services.live.messages import Lines
from app.services.live.watched import Watched

log = logging.getLogger(__name__)

#: The rows are read so often, and sooner where lines are missing; never more than half the time.
TICK_SECONDS: Final = 0.25
_SOON_SECONDS: Final = 0.03
#: So many lines are read at once.
PAGE: Final = 5_000
_STATUS: Final = (
    Execution.status,
    Execution.exit_code,
    Execution.error,
    Execution.error_code,
    Execution.duration_ms,
)


class Outputs:
    """All executions whose output somebody watches in this process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._watched: dict[str, Watched] = {}
        self._thread: threading.Thread | None = None
        self._waker = ending.Waker(self.wake)

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

    def wake(self) -> None:
        """End all waiting: the process ends."""
        with self._guard:
            watched = list(self._watched.values())
        for one in watched:
            one.wake()

    def close(self) -> None:
        """Wait for the end of the thread, once nobody watches."""
        thread = self._thread
        if thread is not None:
            thread.join(5)

    def _work(self) -> None:
        listening = _Listening()
        read_at = 0.0
        while watched := self._present():
            try:
                read_at = _step(listening, watched, read_at)
            except Exception:
                log.exception("the output of executions can't be told")
                time.sleep(1)
        listening.close()

    def _present(self) -> dict[str, Watched]:
        with self._guard:
            if not self._watched:
                self._thread = None
            return dict(self._watched)


def _step(listening: "_Listening", watched: dict[str, Watched], read_at: float) -> float:
    """Hear what is told until the rows are to be read, then read; return when to do so again."""
    open_ones = {i: one for i, one in watched.items() if not one.is_over}
    is_soon = any(one.is_behind() for one in open_ones.values())
    until = read_at - (TICK_SECONDS - _SOON_SECONDS) * is_soon
    listening.hear(open_ones, max(until - time.monotonic(), 0.001))
    begun = time.monotonic()
    if begun < until:
        return read_at
    for one in open_ones.values():
        _read(one)
    took = time.monotonic() - begun
    return begun + took + max(TICK_SECONDS, took)


class _Listening:
    """What hears the workers while their Redis is there."""

    def __init__(self) -> None:
        self._ear: live_output.Ear | None = None
        self._away_until = 0.0
        self._has_heard = False

    def hear(self, watched: dict[str, Watched], seconds: float) -> None:
        """Take what is told of these executions; waits so long for the first of it."""
        if not watched or not live_place.is_there() or time.monotonic() < self._away_until:
            time.sleep(seconds)
            return
        try:
            self._ear = self._ear or live_output.Ear()
            self._ear.listen_to(watched)
            for execution_id, says in self._ear.read(seconds):
                if execution_id in watched:
                    _take(watched[execution_id], says)
            self._has_heard = True
        except live_place.Away as error:
            log.debug("live output can't be heard: %s", error)
            self.close()
            # A connection that broke is made anew at once: what is told meanwhile is lost.
            rest = 0.0 if self._has_heard else live_place.REST_SECONDS
            self._away_until, self._has_heard = time.monotonic() + rest, False

    def close(self) -> None:
        """Hear no more."""
        if self._ear is not None:
            self._ear.close()
            self._ear = None


def _take(watched: Watched, says: dict[str, Any]) -> None:
    if says.get("type") == "log":
        watched.hear(messages.of_output(says))
    else:
        watched.note(messages.frame(says))


def _read(watched: Watched) -> None:
    """Read how an execution is, and then what it has printed until now."""
    try:
        with reading() as session:
            query = sa.select(*_STATUS).where(Execution.id == watched.execution_id)
            row = session.execute(query).first()
            found = logs.blocks(session, watched.execution_id, watched.last, PAGE)
    except SQLAlchemyError as error:
        log.debug("output can't be read: %s", type(error).__name__)
        return
    lines = [messages.of_block(block) for block in found]
    # Once it has ended nothing comes behind the lines that are there.
    is_final = row is None or row.status in state.FINAL
    status = b"" if row is None else messages.frame({"type": "status", **row._asdict()})
    watched.read(lines, status, is_over=is_final and not lines)


def replay(execution_id: str, after: int) -> Sequence[Lines]:
    """Return some of what was printed behind a line, from the rows, with its gaps."""
    with reading() as session:
        found = logs.blocks(session, execution_id, after, PAGE)
    return list(_with_gaps(map(messages.of_block, found), after))


def _with_gaps(lines: Iterator[Lines], after: int) -> Iterator[Lines]:
    for one in lines:
        if one.last <= after:
            continue
        if one.first > after + 1:
            yield messages.gap(after + 1, one.first - 1)
        yield one.behind(after)
        after = one.last
