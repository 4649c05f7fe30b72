"""Memory that processes share with the one they were forked from.

A page of memory that a child writes to becomes its own; what it only reads stays shared. So a
parent loads what its children have in common, and sees to it that they write elsewhere.
"""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager

_LARGEST, _SMALLEST = 1 << 16, 16


class _Info(ctypes.Structure):
    """What ``mallinfo2`` tells; ``keepcost`` is what is free behind all that was ever taken."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


@contextmanager
def loading() -> Iterator[None]:
    """Load what stays for ever without looking for garbage in it again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def prepare() -> None:
    """Make this process ready to be forked: call it when all is loaded that children share."""
    _fill_holes()
    gc.freeze()  # or each child's collector would write to all objects


def _fill_holes() -> None:
    """Take what is free between the allocations of C, for ever.

    It is some hundred kilobytes, left behind by the start; but they lie on a thousand pages, and
    each child would write to most of them.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):  # glibc has it since 2.33
        return
    libc.mallinfo2.restype = _Info
    libc.malloc.argtypes, libc.malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    size = _LARGEST
    while size >= _SMALLEST:
        behind = libc.mallinfo2().keepcost
        while libc.malloc(size) and libc.mallinfo2().keepcost == behind:
            pass
        size //= 2
