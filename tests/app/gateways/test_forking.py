"""A process that forks others: what it shares with them is loaded, and lies without holes."""

import ctypes
import os
import subprocess
import sys

import pytest

from app.gateways import forking

_MAKE_HOLES_AND_COUNT = """
import ctypes, sys
from app.gateways import forking
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = forking._Info
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
taken = [libc.malloc(600 + number % 700) for number in range(4000)]
for place in taken[::2]:
    libc.free(place)
def in_holes():
    info = libc.mallinfo2()
    return info.fordblks - info.keepcost
before = in_holes()
forking.prepare()
print(before, in_holes())
"""


def test_what_is_loaded_is_not_looked_through_and_the_collector_goes_on() -> None:
    code = (
        "import gc\nfrom app.gateways import forking\nwith forking.loading():\n"
        "    off = not gc.isenabled()\n    kept = [[] for _ in range(5000)]\n"
        "print(off, gc.isenabled(), gc.get_freeze_count() > 5000)"
    )
    assert _run(code) == "True True True"


@pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="only glibc since 2.33 tells its holes"
)
def test_no_holes_are_left_for_children_to_write_to() -> None:
    before, after = map(int, _run(_MAKE_HOLES_AND_COUNT).split())
    assert before > 1_000_000
    assert after < before / 10


def test_without_glibc_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    forking._fill_holes()


def _run(code: str) -> str:
    """Run code in a Python of its own: what it does to its memory is for ever."""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    return found.stdout.strip()
