"""The live feed: small news of what has changed, from all processes to those that show it.

It is a stream in Redis, cut to its newest entries: whoever reads it may go on where another, or an
earlier process, had stopped. Nothing is written while nobody reads: readers keep a key alive that
says so. Telling never waits for Redis: a thread does, and drops what it can't bring away.
"""

import atexit
import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

import orjson

from app.gateways import live_place
from app.gateways.live_place import REST_SECONDS, Away, Place

log = logging.getLogger(__name__)

#: About so many entries are kept; one holds what one commit has changed.
KEPT: Final = 4_000
#: So long after the last reader has gone news is still written, for when it comes back.
WATCHED_SECONDS: Final = 60
#: A process that was told of no reader asks again after so long.
LOOK_SECONDS: Final = 1.0
_WAITING: Final = 1_000
_FLUSH_SECONDS: Final = 0.5

News = list[dict[str, Any]]

_teller: "_Teller | None" = None


def is_wanted() -> bool:
    """Return whether news may have a reader; asks nobody."""
    return live_place.is_there() and (_teller is None or _teller.is_wanted())


def tell(news: News) -> None:
    """Have news written soon, or dropped if nobody reads; returns at once."""
    global _teller  # noqa: PLW0603
    if not live_place.is_there():
        return
    if _teller is None or not _teller.is_ours():
        _teller = _Teller(live_place.here())
    _teller.put(news)


class _Teller:
    """What brings the news of one process away, with a thread of its own from the first on."""

    def __init__(self, place: Place) -> None:
        self._pid = os.getpid()
        self._place = place
        self._queue: queue.Queue[News] = queue.Queue(_WAITING)
        self._unwanted_until = 0.0
        self._looked_at = -LOOK_SECONDS
        self._thread = threading.Thread(target=self._work, name="live-feed", daemon=True)
        self._thread.start()
        atexit.register(self._flush)

    def is_ours(self) -> bool:
        """Return whether it is of this process: threads do not follow a fork."""
        return self._pid == os.getpid() and self._place is live_place.here()

    def is_wanted(self) -> bool:
        return not self.is_ours() or time.monotonic() >= self._unwanted_until

    def put(self, news: News) -> None:
        if self.is_wanted():
            with contextlib.suppress(queue.Full):
                self._queue.put_nowait(news)

    def _work(self) -> None:
        client = self._place.client()
        while True:
            batch = [self._queue.get()]
            with contextlib.suppress(queue.Empty):
                while len(batch) < 100:
                    batch.append(self._queue.get_nowait())
            try:
                self._bring(client, batch)
            except Away as error:
                self._unwanted_until = time.monotonic() + REST_SECONDS
                log.debug("the live feed is away: %s", error)
            for _ in batch:
                self._queue.task_done()

    def _bring(self, client: Any, batch: list[News]) -> None:
        moment = time.monotonic()
        if moment - self._looked_at >= LOOK_SECONDS:
            if not client.exists(f"{self._place.prefix}live-watched"):
                self._unwanted_until = moment + LOOK_SECONDS
                return
            self._looked_at = moment
        with client.pipeline(transaction=False) as pipe:
            for news in batch:
                entry = {"d": orjson.dumps(news)}
                pipe.xadd(f"{self._place.prefix}live", entry, maxlen=KEPT, approximate=True)
            pipe.execute()

    def _flush(self) -> None:
        """Give the last news of a process that ends a moment to get away."""
        deadline = time.monotonic() + _FLUSH_SECONDS
        while self._queue.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.01)


class Reader:
    """A reader of the feed; raises ``Away`` while Redis does not answer."""

    def __init__(self) -> None:
        place = live_place.here()
        self._key, self._watched = f"{place.prefix}live", f"{place.prefix}live-watched"
        self._client = place.client()
        self._last = "0-0"

    def watch(self) -> tuple[int, bool]:
        """Say that somebody reads. Returns since when all is written, and whether that is new.

        The moment is that of Redis, in milliseconds since 1970. To be repeated well within
        ``WATCHED_SECONDS``.
        """
        if self._client.expire(self._watched, WATCHED_SECONDS):
            known = self._client.get(self._watched)
            if known is not None:
                return int(known), False
        seconds, micros = self._client.time()
        # By then every process has noticed.
        since = seconds * 1000 + micros // 1000 + round(LOOK_SECONDS * 1000) + 500
        self._client.set(self._watched, since, ex=WATCHED_SECONDS)
        return since, True

    def read(self, seconds: float) -> Iterator[tuple[str, News]]:
        """Yield what has come since the last time; waits so long for the first of it."""
        wait = max(1, round(seconds * 1000))
        found = self._client.xread({self._key: self._last}, count=500, block=wait)
        for _, entries in found or ():
            for raw_id, fields in entries:
                self._last = raw_id.decode()
                yield self._last, orjson.loads(fields[b"d"])

    def is_cut(self) -> bool:
        """Return whether old entries were dropped to make room."""
        return int(self._client.xlen(self._key)) >= KEPT

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()


def take_once(name: str, seconds: int) -> bool:
    """Return whether nobody has taken this name within so many seconds. Raises ``Away``."""
    place = live_place.here()
    client = place.client()
    try:
        return bool(client.set(f"{place.prefix}live-once-{name}", 1, nx=True, ex=seconds))
    finally:
        client.close()
