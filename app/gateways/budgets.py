"""How often somebody may ask: counted in Redis over all processes, by the library limits.

Without a Redis each process counts for itself. If Redis is away nothing is counted and everybody is
let in: requests must not fail because their counter does.
"""

import logging
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import SlidingWindowCounterRateLimiter

from app.gateways.plain_redis import NoBackoff, Retry, redis

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60
#: A Redis silent for so long is away, and is not asked again for a while.
_PATIENCE_SECONDS: Final = 0.25
_REST_SECONDS: Final = 5.0
_SOCKET: Final = "redis+socket://"


@dataclass(frozen=True, slots=True)
class Budget:
    """So many requests a minute, of each one who asks; none is limited by zero."""

    name: str
    per_minute: int


@dataclass(frozen=True, slots=True)
class Account:
    """How a budget stands after a request was counted."""

    budget: Budget
    is_within: bool
    remaining: int
    #: Whole seconds until more may be asked.
    reset_seconds: int


@dataclass
class Budgets:
    """The counters of one installation; safe to use from several threads."""

    url: str
    prefix: str
    _away_until: float = 0.0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _limiter: SlidingWindowCounterRateLimiter = field(init=False)

    def __post_init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(_storage(self.url, self.prefix))

    def count(self, budget: Budget, who: str) -> Account | None:
        """Count a request; ``None`` if it is not counted at all."""
        if not budget.per_minute or time.monotonic() < self._away_until:
            return None
        item = RateLimitItemPerMinute(budget.per_minute, namespace=budget.name)
        try:
            is_within = self._limiter.hit(item, who)
            stats = self._limiter.get_window_stats(item, who)
        except StorageError as error:
            self._note_absence(error)
            return None
        # The library counts on the wall clock.
        left = math.ceil(stats.reset_time - time.time())  # noqa: TID251
        return Account(budget, is_within, stats.remaining, min(max(1, left), WINDOW_SECONDS))

    def _note_absence(self, error: StorageError) -> None:
        with self._guard:
            self._away_until = time.monotonic() + _REST_SECONDS
        text = "requests are not counted for the next %.0f s: Redis is away (%s)"
        log.warning(text, _REST_SECONDS, type(error.storage_error).__name__)


def _storage(url: str, prefix: str) -> Storage:
    if not url:
        return MemoryStorage()
    pool = _pool(url)
    return RedisStorage(
        "redis://", connection_pool=pool, key_prefix=f"{prefix}limits", wrap_exceptions=True
    )


def _pool(url: str) -> redis.ConnectionPool:
    retry, patience = Retry(NoBackoff(), 0), _PATIENCE_SECONDS
    if url.startswith(_SOCKET):
        path = url.removeprefix(_SOCKET)
        return redis.Redis(
            unix_socket_path=path, socket_timeout=patience, retry=retry
        ).connection_pool
    return redis.Redis.from_url(
        url, socket_timeout=patience, socket_connect_timeout=patience, retry=retry
    ).connection_pool
