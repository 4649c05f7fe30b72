"""Whether this process ends: streams are woken then, and end with it."""

from collections.abc import Callable
from weakref import WeakSet

_is_near = False
_wakers: "WeakSet[Waker]" = WeakSet()


class Waker:
    """What wakes those that wait when the process begins to end; whoever wants that keeps it."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.act = act
        _wakers.add(self)


def announce() -> None:
    """Have all streams of this process end within a second. Safe within a signal's handler."""
    global _is_near  # noqa: PLW0603 - the process ends once
    _is_near = True


def wake() -> None:
    """Have all streams end at once; behind :func:`announce`, and not within a handler."""
    for waker in list(_wakers):
        waker.act()


def is_near() -> bool:
    """Return whether this process is about to end."""
    return _is_near
