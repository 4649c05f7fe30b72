"""The lock on the data folder: one product at a time, and nobody else is taken for it.

The lock is the truth. The number in the file says who took it; processes that the product forks
share the lock, so it is free only when all of them have ended.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import psutil

NAME = "oneoff.pid"
_ADDRESS = "oneoff.address"
#: Those who only look whether it is held hold it for an instant.
_PATIENCE_SECONDS = 0.5


def hold(folder: Path, *, serves: bool = True) -> IO[str]:
    """Take the lock of a data folder until the file returned is closed.

    Who does not serve leaves no number: ``oneoff stop`` shall not end it. Raises
    ``ClickException`` that names the holder.
    """
    lock = (folder / NAME).open("a+")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _locked(lock, fcntl.LOCK_EX):
        if time.monotonic() > deadline:
            lock.close()
            raise click.ClickException(f"{folder} is in use by {_holder(folder)}")
        time.sleep(0.02)
    lock.truncate(0)
    if serves:
        lock.write(f"{os.getpid()}\n")
        lock.flush()
    return lock


def _holder(folder: Path) -> str:
    number = number_in(folder)
    return f"the OneOff with process number {number}" if number else "another command of OneOff"


def _locked(lock: IO[str], how: int) -> bool:
    try:
        fcntl.flock(lock, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_held(folder: Path) -> bool:
    """Return whether somebody holds the lock; a file that is only left over does not count."""
    try:
        with (folder / NAME).open() as lock:
            return not _locked(lock, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    except PermissionError:
        raise click.ClickException(f"{folder} belongs to another user; ask as that one") from None


def number_in(folder: Path) -> int | None:
    """Return the process number in the file; it means something only while the lock is held."""
    with contextlib.suppress(OSError, ValueError):
        return int((folder / NAME).read_text())
    return None


def write_address(folder: Path, address: str) -> None:
    """Note, for who holds the lock, where it listens: a later command may have other settings."""
    (folder / _ADDRESS).write_text(f"{address}\n")


def address_in(folder: Path) -> str | None:
    """Return where the holder of the lock listens, if it has noted that."""
    with contextlib.suppress(OSError):
        return (folder / _ADDRESS).read_text().strip() or None
    return None


def main_process(folder: Path) -> psutil.Process | None:
    """Return the process that took the lock, if it still lives.

    After a kill -9 its children may hold the lock while its number is somebody else's: who does
    not have the file open is not it.
    """
    number = number_in(folder)
    if number is None or not is_held(folder):
        return None
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(number)
        return process if _has_open(process, folder) else None
    return None


def family(folder: Path) -> set[psutil.Process]:
    """Return all living processes of the product: who shares the lock, and their descendants."""
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        if _has_open(process, folder):
            found |= {process, *_descendants(process)}
    return {process for process in found if lives(process)}


def with_descendants(processes: set[psutil.Process]) -> set[psutil.Process]:
    """Return those of the processes that live, and their living descendants."""
    living = {process for process in processes if lives(process)}
    return living | {child for parent in living for child in _descendants(parent) if lives(child)}


def lives(process: psutil.Process) -> bool:
    """Return whether a process does something still; one that nobody has buried does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _descendants(process: psutil.Process) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        yield from process.children(recursive=True)


def _has_open(process: psutil.Process, folder: Path) -> bool:
    if process.pid == os.getpid():
        return False
    path = str((folder / NAME).resolve())
    with contextlib.suppress(psutil.Error, OSError):
        return any(file.path == path for file in process.open_files())
    return False
