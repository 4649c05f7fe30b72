"""A process's way to the database: one transaction at a time, for all who ask meanwhile.

Whoever finds the door free commits the work of everybody who waits before it in one
transaction. A lone caller pays for its own commit and no thread switch; many share one.
"""

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from app.db import transaction

T = TypeVar("T")
_LARGEST_GROUP = 64


class _Work(Generic[T]):
    __slots__ = ("do", "done", "error", "result")

    def __init__(self, do: Callable[[Session], T]) -> None:
        self.do = do
        self.done = False
        self.result: T | None = None
        self.error: BaseException | None = None


class Ledger:
    """Runs pieces of database work in group commits."""

    def __init__(self) -> None:
        self._door = threading.Lock()
        self._waiting: deque[_Work[Any]] = deque()

    def call(self, do: Callable[[Session], T]) -> T:
        """Run ``do(session)`` in a transaction and return its result once that is committed.

        ``do`` may be run twice: if a group fails, each of its works is tried alone. Raises
        what ``do`` or its commit raised.
        """
        work = _Work(do)
        self._waiting.append(work)
        with self._door:
            if not work.done:
                self._commit(self._take(work))
        if work.error is not None:
            raise work.error
        return work.result  # type: ignore[return-value]

    def _take(self, mine: _Work[Any]) -> list[_Work[Any]]:
        group: list[_Work[Any]] = []
        while self._waiting and (len(group) < _LARGEST_GROUP or mine not in group):
            group.append(self._waiting.popleft())
        return group

    def _commit(self, group: list[_Work[Any]]) -> None:
        try:
            self._together(group)
        except Exception as error:
            if len(group) == 1:
                group[0].error, group[0].done = error, True
                return
            for work in group:
                self._commit([work])

    def _together(self, group: list[_Work[Any]]) -> None:
        with transaction() as session:
            results = [work.do(session) for work in group]
        for work, result in zip(group, results, strict=True):
            work.result, work.done = result, True
