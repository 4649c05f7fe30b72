"""What executions print and use, told while it happens to whoever watches them.

It travels by pub/sub through the Redis of the live feed, a channel for each execution. Nothing is
kept there. What gets lost is in the rows, unless more is printed than is kept of it: so what
Redis does not take is told again. Redis says how many heard a message; an execution that nobody
watches tells two a second and no more. Telling never waits: a thread does.
"""

import logging
import os
import threading
import time
from collections.abc import Iterable
from typing import Any, Final

import orjson

from app.gateways import live_place
from app.gateways.live_place import Away, Place

log = logging.getLogger(__name__)

Message = dict[str, Any]
#: An execution that nobody watches is silent for so long.
_UNWANTED_SECONDS: Final = 0.5
#: So much waits for Redis at most; beyond that it is dropped.
_WAITING_BYTES: Final = 8 * 1024**2
#: A Redis that did not answer is asked again after so long.
_AGAIN_SECONDS: Final = 0.2
_REMEMBERED: Final = 1_000
#: A message that has begun to come is waited for so long.
_WHOLE_SECONDS: Final = 5.0
#: So many messages are read at once.
_MOST_READ: Final = 256

_teller: "_Teller | None" = None


def is_wanted(execution_id: str) -> bool:
    """Return whether somebody may watch an execution; asks nobody."""
    return live_place.is_there() and _teller_here().is_wanted(execution_id)


def publish(execution_id: str, message: Message, size: int = 256) -> None:
    """Tell whoever watches an execution, soon or not at all; returns at once.

    The message goes on to their sockets as it is, such as ``{"type": "metric", ...}``; ``size`` is
    about how many bytes it has.
    """
    if is_wanted(execution_id):
        _teller_here().put(execution_id, message, size)


def _teller_here() -> "_Teller":
    global _teller  # noqa: PLW0603
    if _teller is None or not _teller.is_ours():
        _teller = _Teller(live_place.here())
    return _teller


class _Teller:
    """What brings the messages of one process away, with a thread of its own."""

    def __init__(self, place: Place) -> None:
        self._pid = os.getpid()
        self._place = place
        self._ready = threading.Condition()
        self._waiting: dict[str, list[Message]] = {}
        self._bytes = 0
        #: Until when nothing is told of an execution that nobody watched.
        self._unwanted: dict[str, float] = {}
        threading.Thread(target=self._work, name="live-output", daemon=True).start()

    def is_ours(self) -> bool:
        """Return whether it is of this process: threads do not follow a fork."""
        return self._pid == os.getpid() and self._place is live_place.here()

    def is_wanted(self, execution_id: str) -> bool:
        is_silent = time.monotonic() < self._unwanted.get(execution_id, 0.0)
        return not is_silent and self._bytes < _WAITING_BYTES

    def put(self, execution_id: str, message: Message, size: int) -> None:
        with self._ready:
            if self._bytes + size <= _WAITING_BYTES:
                self._waiting.setdefault(execution_id, []).append(message)
                self._bytes += size
                self._ready.notify()

    def _work(self) -> None:
        client = self._place.client()
        while self.is_ours():
            batch, size = self._take()
            try:
                self._bring(client, batch)
            except Away as error:
                log.debug("live output can't be told: %s", error)
                self._give_back(batch, size)
                time.sleep(_AGAIN_SECONDS)

    def _take(self) -> tuple[dict[str, list[Message]], int]:
        with self._ready:
            self._ready.wait_for(lambda: self._waiting, timeout=30)
            batch, self._waiting = self._waiting, {}
            size, self._bytes = self._bytes, 0
        return batch, size

    def _give_back(self, batch: dict[str, list[Message]], size: int) -> None:
        """Put what Redis did not take, or did not say so, before what has come since."""
        with self._ready:
            for execution_id, messages in self._waiting.items():
                batch.setdefault(execution_id, []).extend(messages)
            self._waiting = batch
            self._bytes += size

    def _bring(self, client: Any, batch: dict[str, list[Message]]) -> None:
        if not batch:
            return
        with client.pipeline(transaction=False) as pipe:
            for execution_id, messages in batch.items():
                pipe.publish(_channel(self._place, execution_id), orjson.dumps(messages))
            heard = pipe.execute()
        until = time.monotonic() + _UNWANTED_SECONDS
        for execution_id, count in zip(batch, heard, strict=True):
            if count:
                self._unwanted.pop(execution_id, None)
            else:
                self._unwanted[execution_id] = until
        while len(self._unwanted) > _REMEMBERED:
            self._unwanted.pop(next(iter(self._unwanted)))


class Ear:
    """What hears of watched executions; used by one thread. Raises :data:`Away`."""

    def __init__(self) -> None:
        self._place = live_place.here()
        self._client = self._place.client()
        self._pubsub = self._client.pubsub(ignore_subscribe_messages=True)
        self._heard: frozenset[str] = frozenset()

    def listen_to(self, execution_ids: Iterable[str]) -> None:
        """Hear of these executions from now on, and of no others."""
        wanted = frozenset(execution_ids)
        if new := wanted - self._heard:
            self._pubsub.subscribe(*(_channel(self._place, one) for one in new))
        if gone := self._heard - wanted:
            self._pubsub.unsubscribe(*(_channel(self._place, one) for one in gone))
        self._heard = wanted

    def read(self, seconds: float) -> list[tuple[str, Message]]:
        """Return what has come, in order; waits so long for the first of it."""
        found: list[tuple[str, Message]] = []
        given = self._next(seconds)
        for _ in range(_MOST_READ):
            if given is None:
                break
            execution_id = given["channel"].decode().rpartition("-")[2]
            found += [(execution_id, message) for message in orjson.loads(given["data"])]
            given = self._next(0)
        return found

    def _next(self, seconds: float) -> dict[str, Any] | None:
        """Return what comes next; waits so long for its beginning, and patiently for its end.

        The library would break the connection if after so long there is but a part of it.
        """
        connection = self._pubsub.connection
        if connection is None or not connection.can_read(timeout=seconds):
            return None
        given: dict[str, Any] | None = self._pubsub.get_message(timeout=_WHOLE_SECONDS)
        return given

    def close(self) -> None:
        """Give the connection back."""
        self._pubsub.close()
        self._client.close()


def _channel(place: Place, execution_id: str) -> str:
    return f"{place.prefix}live-output-{execution_id}"
