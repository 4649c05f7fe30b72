"""Where the hub has its changes from: the feed; without one, or while it is away, the rows."""

import contextlib
import logging
import queue
import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.db import reading
from app.domain.clock import now
from app.gateways import live_feed, live_place
from app.services.live import outlet
from app.services.live.changes import EXECUTION_CHANGED, JOB_CREATED, Change, read
from app.services.live.marks import Mark, Told
from app.services.live.rows import changed_since

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.9
_READ_SECONDS: Final = 0.5
_RENEW_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 5.0
#: Rows are read with so much overlap: they are stamped some time before their commit.
OVERLAP: Final = timedelta(seconds=5)
#: What is read at first where there is no feed, for pages that come back.
_LOOK_BACK: Final = timedelta(seconds=60)
#: When watching begins others need a moment to notice; the rows tell what they leave out.
_WARM_SECONDS: Final = 4.0
_REMEMBERED: Final = 10_000


class Source:
    """What has changed; used by one thread."""

    def __init__(self) -> None:
        #: From this moment on, in milliseconds since 1970, nothing is missing.
        self.complete_since = 0
        #: Whether something was missed since this was last looked at.
        self.has_gap = False
        self._reader: live_feed.Reader | None = None
        self._renew_at = self._away_until = self._rows_at = 0.0
        self._warm_until = 0.0
        self._since: datetime | None = None
        self._last = Mark(0, 0, 0)
        self._known: dict[str, str | None] = {}
        self._own: queue.Queue[Sequence[Change]] = queue.Queue(1000)

    def gather(self) -> list[Told]:
        """Return what has changed since the last time; waits up to a second for it.

        Raises ``SQLAlchemyError`` if only the rows could tell, and the database is away.
        """
        if live_place.is_there() and time.monotonic() >= self._away_until:
            try:
                return self._of_feed()
            except live_place.Away as error:
                self._lose_feed(error)
        return self._of_rows()

    def close(self) -> None:
        """Give back what it holds."""
        outlet.listen(None)
        if self._reader is not None:
            self._reader.close()

    def _lose_feed(self, error: Exception) -> None:
        if self._reader is not None:
            log.warning("the live feed is away (%s); rows are read instead", type(error).__name__)
            self._reader.close()
            self._reader = None
        self._away_until = time.monotonic() + _RETRY_SECONDS

    def _of_feed(self) -> list[Told]:
        is_first = self._reader is None
        if self._reader is None:
            self._reader, self._renew_at = live_feed.Reader(), 0.0
        if time.monotonic() >= self._renew_at:
            self._watch(self._reader)
        found = self._read(self._reader, 0.001 if is_first else _READ_SECONDS)
        more = found
        while is_first and more:
            more = self._read(self._reader, 0.001)
            found += more
        if is_first:
            self._begin(self._reader, found)
        if time.monotonic() < self._warm_until and time.monotonic() >= self._rows_at:
            found += [Told(None, change) for change in self._news_of_rows()]
        return found

    def _watch(self, reader: live_feed.Reader) -> None:
        since, is_new = reader.watch()
        self._renew_at = time.monotonic() + _RENEW_SECONDS
        self.complete_since = since
        if is_new:
            self._warm_until = time.monotonic() + _WARM_SECONDS

    def _begin(self, reader: live_feed.Reader, found: list[Told]) -> None:
        """Take up the feed: what it said before is known by now, what it can't say is told."""
        if reader.is_cut() and found and found[0].mark is not None:
            self.complete_since = max(self.complete_since, found[0].mark.milliseconds)
        if self._since is not None:  # it was away, and what was not in rows is lost
            self.has_gap = True
        self._warm_until = time.monotonic() + _WARM_SECONDS
        outlet.listen(None)

    def _read(self, reader: live_feed.Reader, seconds: float) -> list[Told]:
        found = []
        for entry_id, news in reader.read(seconds):
            milliseconds, _, sequence = entry_id.partition("-")
            for index, one in enumerate(news):
                with contextlib.suppress(TypeError):  # of another release
                    change = read(one)
                    found.append(Told(Mark(int(milliseconds), int(sequence), index), change))
                    self._is_new(change)
        return found

    def _of_rows(self) -> list[Told]:
        outlet.listen(self._hear)
        is_first = self._since is None
        own: list[Change] = []
        with contextlib.suppress(queue.Empty):
            own += self._own.get(timeout=0.001 if is_first else POLL_SECONDS)
            while True:
                own += self._own.get_nowait()
        if is_first:
            self._since = now() - _LOOK_BACK
            self.complete_since = _milliseconds(self._since)
        changes = [change for change in own if self._is_new(change)]
        if own and time.monotonic() < self._rows_at:
            return [Told(self._next(now()), change) for change in changes]
        changes += self._news_of_rows()
        return [
            Told(self._next(datetime.fromisoformat(c.at) if is_first else now()), c)
            for c in changes
        ]

    def _news_of_rows(self) -> list[Change]:
        begun = now()
        self._rows_at = time.monotonic() + POLL_SECONDS
        with reading() as session:
            changes = changed_since(session, self._since or begun - OVERLAP)
        self._since = begun - OVERLAP
        return [change for change in changes if self._is_new(change)]

    def _hear(self, changes: Sequence[Change]) -> None:
        with contextlib.suppress(queue.Full):
            self._own.put_nowait(changes)

    def _is_new(self, change: Change) -> bool:
        """Note a change. Rows tell the same for some seconds; edits are told by events only."""
        if change.type == EXECUTION_CHANGED:
            key, status = str(change.execution_id), change.status
        else:
            key, status = f"{change.type} {change.job_id}", change.at
            status = None if change.type == JOB_CREATED else status
        if key in self._known and self._known[key] == status:
            return False
        self._known.pop(key, None)
        self._known[key] = status
        if len(self._known) > _REMEMBERED:
            self._forget(list(self._known)[: _REMEMBERED // 2])
        return True

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            del self._known[key]

    def _next(self, moment: datetime) -> Mark:
        """Return a mark behind all that were given."""
        milliseconds = max(_milliseconds(moment), self._last.milliseconds)
        sequence = self._last.sequence + 1 if milliseconds == self._last.milliseconds else 0
        self._last = Mark(milliseconds, sequence, 0)
        return self._last


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
