"""What took long to find out is kept ten times as long as that, for all who see the same."""

import time
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session

from app.services.access import sight

_SLOW_SECONDS: Final = 0.05
_MOST_KEPT: Final = 256
_MOST_SECONDS: Final = 60.0
T = TypeVar("T")
_kept: dict[Hashable, tuple[float, Any]] = {}


def kept(
    session: Session, key: tuple[Hashable, ...], find: Callable[[], T], at_least: float = 0.0
) -> T:
    """Return what ``find`` returns, or what it returned a short while ago if it was slow.

    What is asked for often is kept ``at_least`` so many seconds.
    """
    began = time.monotonic()
    # Its pool tells a database from others: each unit of work that reads has an engine of its own.
    whole = (session.get_bind().engine.pool, sight.limited(), *key)
    until, value = _kept.get(whole, (0.0, None))
    if began < until:
        found: T = value
        return found
    found = find()
    took = time.monotonic() - began
    seconds = min(10 * took, _MOST_SECONDS) if took > _SLOW_SECONDS else 0.0
    if max(seconds, at_least) > 0:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[whole] = (began + took + max(seconds, at_least), found)
    return found


def forget() -> None:
    """Forget all that is kept."""
    _kept.clear()
