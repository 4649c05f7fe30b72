"""Log files that several processes write to, and their rotation.

The process that starts the others points its standard output and error to a file; those it forks
inherit that. Each line goes out in one append, which the system never mixes with another. Before
it, the writer looks whether the file still bears its name, and opens it anew if not: so a file may
be renamed at any moment, by us or by logrotate, and no line is lost or torn.
"""

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: How often sizes are looked at.
LOOK_SECONDS = 1.0
_OUTPUTS = (1, 2)

_path: Path | None = None


def use(path: Path) -> None:
    """Send all that this process, and those it will fork, say to a file."""
    global _path  # noqa: PLW0603 - fixed at the start of the process
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _path = path
    _open(path)


def is_used() -> bool:
    """Return whether this process logs to a file."""
    return _path is not None


def follow() -> None:
    """Open the file anew if its name belongs to another one by now, or to none."""
    if _path is None:
        return
    try:
        there = _path.stat()
    except FileNotFoundError:
        _open(_path)
        return
    if not os.path.samestat(there, os.fstat(_OUTPUTS[-1])):
        _open(_path)


def _open(path: Path) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for output in _OUTPUTS:
        os.dup2(opened, output)
    os.close(opened)


class Handler(logging.Handler):
    """Writes to the file, wherever its name has gone."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record as one append."""
        try:
            line = self.format(record) + "\n"
            follow()
            os.write(_OUTPUTS[-1], line.encode(errors="backslashreplace"))
        except Exception:
            self.handleError(record)


@dataclass
class Rotation:
    """Gives files that have grown too large the names ``….1``, ``….2`` …; one process does it."""

    paths: Sequence[Path]
    most_bytes: int
    keep: int
    _next_look: float = 0.0

    def look(self) -> None:
        """Rotate what is too large; looks once a second, however often it is called."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_SECONDS
        for path in self.paths:
            try:
                if path.stat().st_size > self.most_bytes:
                    self.rotate(path)
            except FileNotFoundError:
                continue
            except OSError as error:
                logging.getLogger(__name__).warning("can't rotate %s: %s", path, error.strerror)

    def rotate(self, path: Path) -> None:
        """Rename a file and the older ones; the oldest goes."""
        names = [path, *(path.with_name(f"{path.name}.{n}") for n in range(1, self.keep + 1))]
        for older, newer in reversed(list(zip(names[1:], names[:-1], strict=True))):
            if newer.exists():
                newer.replace(older)
        follow()
