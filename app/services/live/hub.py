"""The hub of a process: one thread reads what has changed, for all its live pages.

It begins with the first page and ends a while after the last one.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from app.gateways import live_place
from app.services.access import Sight
from app.services.live import ending
from app.services.live.marks import Mark, Told
from app.services.live.pages import WAITING, Page
from app.services.live.sources import OVERLAP, Source
from app.services.live.visible import visible

log = logging.getLogger(__name__)

#: So many changes are remembered for pages that come back.
BACKLOG: Final = 4_000
_IDLE_SECONDS: Final = 60.0
_BEGIN_SECONDS: Final = 2.0


class Hub:
    """The changes that this process knows of, and the pages that want them."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._pages: set[Page] = set()
        self._backlog: deque[Told] = deque(maxlen=BACKLOG)
        self._thread: threading.Thread | None = None
        self._complete_since = 0
        self._has_begun = threading.Event()
        self._used_at = 0.0
        self._is_closed = False
        self._waker = ending.Waker(self.wake)

    def join(self, sight: Sight, last: Mark | None) -> Page:
        """Return a new page; with the mark of what it was told last it goes on behind that."""
        page = Page(sight)
        self._ensure_thread()
        self._has_begun.wait(_BEGIN_SECONDS)
        with page.filling():
            with self._guard:
                self._pages.add(page)
                missed = [] if last is None else self._behind(last)
                has_gap = last is not None and last.milliseconds < self._complete_since
            if has_gap or len(missed) > WAITING:
                page.mark_gap()
            _hand(page, missed[-WAITING:])
        return page

    def leave(self, page: Page) -> None:
        """Forget a page."""
        with self._guard:
            self._pages.discard(page)

    def close(self) -> None:
        """End the thread, and wait for that."""
        with self._guard:
            self._is_closed, thread = True, self._thread
        if thread is not None:
            thread.join()

    def _behind(self, last: Mark) -> list[Told]:
        """Return what came behind a mark; without a feed, broadly, if another hub gave it."""
        for place, told in enumerate(self._backlog):
            if told.mark == last:
                return list(islice(self._backlog, place + 1, None))
        since = last if live_place.is_there() else last.before(OVERLAP)
        return [told for told in self._backlog if told.mark is not None and told.mark > since]

    def _ensure_thread(self) -> None:
        with self._guard:
            self._used_at = time.monotonic()
            if self._thread is None:
                self._has_begun.clear()
                self._backlog.clear()
                self._thread = threading.Thread(target=self._work, name="live-hub", daemon=True)
                self._thread.start()

    def _is_idle(self) -> bool:
        """Return whether nobody has looked for long; then this thread ends."""
        with self._guard:
            if self._pages:
                self._used_at = time.monotonic()
            is_idle = self._is_closed or time.monotonic() - self._used_at > _IDLE_SECONDS
            if is_idle:
                self._thread = None
        return is_idle

    def _work(self) -> None:
        source = Source()
        while not self._is_idle():
            try:
                self._spread(source, source.gather())
            except SQLAlchemyError as error:
                log.debug("what has changed can't be read: %s", type(error).__name__)
                self._mark_gaps()
                time.sleep(1)
            except Exception:
                log.exception("the live hub stumbled")
                self._mark_gaps()
                time.sleep(1)
            self._has_begun.set()
        source.close()

    def _spread(self, source: Source, told: Sequence[Told]) -> None:
        with self._guard:
            self._backlog.extend(told)
            self._complete_since = source.complete_since
            if len(self._backlog) == BACKLOG and (first := self._backlog[0].mark):
                self._complete_since = max(self._complete_since, first.milliseconds)
            pages = list(self._pages)
        if source.has_gap:
            source.has_gap = False
            self._mark_gaps()
        if told:
            _hand_all(pages, told)

    def wake(self) -> None:
        """End the waiting of all pages: the process ends."""
        with self._guard:
            pages = list(self._pages)
        for page in pages:
            page.wake()

    def _mark_gaps(self) -> None:
        with self._guard:
            pages = list(self._pages)
        for page in pages:
            page.mark_gap()


def _hand_all(pages: Sequence[Page], told: Sequence[Told]) -> None:
    """Hand changes to pages; for those that see the same the rows are asked once."""
    by_sight: dict[Sight, list[Page]] = {}
    for page in pages:
        by_sight.setdefault(page.sight, []).append(page)
    for alike in by_sight.values():
        _hand(alike[0], told, alike[1:])


def _hand(page: Page, told: Sequence[Told], others: Sequence[Page] = ()) -> None:
    if not told:
        return
    seen = {id(change) for change in visible(page.sight, [one.change for one in told])}
    shown = [one for one in told if id(one.change) in seen]
    for each in (page, *others):
        each.put(shown)
