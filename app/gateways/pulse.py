"""Signs of life of processes that have no port: files in DATA_DIR, touched while they work."""

import contextlib
import os
import time
from pathlib import Path

_FOLDER = "alive"


def give(folder: Path, name: str) -> None:
    """Say that the process called ``name`` does its work at this moment."""
    path = folder / _FOLDER / name
    with contextlib.suppress(OSError):  # a full disk must not stop who is alive
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.touch()


def age(folder: Path, name: str) -> float | None:
    """Return for how many seconds a process has been silent; ``None`` if it never spoke."""
    try:
        spoke = os.stat(folder / _FOLDER / name).st_mtime  # noqa: PTH116 - quicker, and asked often
    except OSError:
        return None
    return max(0.0, time.time() - spoke)  # noqa: TID251 - the file system's clock
