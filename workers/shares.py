"""Who may hold how many threads of the auxiliary pool, so that nobody is kept waiting by another.

Three limits hold at once: one kind of work has at most half of the threads; within it, what has
failed lately has at most half of those; and each endpoint has one thread until it has answered
well, and two from then on. However many endpoints hang, the others find a thread.
"""

import threading
from collections import Counter


class Shares:
    """The threads of one kind of work in this process; safe to use from several of them."""

    def __init__(self, slots: int) -> None:
        self._most = max(1, slots // 2)
        self._most_failing = max(1, self._most // 2)
        self._guard = threading.Lock()
        self._held: Counter[str] = Counter()
        self._well: set[str] = set()
        self._failing: set[str] = set()

    def take(self, endpoint: str) -> bool:
        """Take a thread for an endpoint; ``False`` if it must not have one now."""
        with self._guard:
            if self._is_full(endpoint):
                return False
            self._held[endpoint] += 1
            return True

    def give_back(self, endpoint: str) -> None:
        """Give a thread back."""
        with self._guard:
            self._held[endpoint] -= 1
            self._held += Counter()  # drops what is at zero

    def note(self, endpoint: str, *, well: bool) -> None:
        """Hear how an endpoint has answered."""
        now_in, now_out = (self._well, self._failing) if well else (self._failing, self._well)
        with self._guard:
            now_in.add(endpoint)
            now_out.discard(endpoint)

    def _is_full(self, endpoint: str) -> bool:
        if self._held.total() >= self._most:
            return True
        if self._held[endpoint] >= (2 if endpoint in self._well else 1):
            return True
        failing = sum(self._held[one] for one in self._failing if one in self._held)
        return endpoint in self._failing and failing >= self._most_failing
