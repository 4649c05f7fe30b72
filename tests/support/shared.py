"""What several test processes use at once: who comes first makes it, who leaves last ends it."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Shared:
    """A thing that is known by a folder; the folder says who uses it, also after a kill."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._users: IO[str] | None = None

    def join(self, make: Callable[[], None]) -> None:
        """Count as a user; ``make`` sees to it that the thing is there, one process at a time."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with self.alone():
            make()
            self._users = (self.folder / "users").open("w")
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def leave(self, end: Callable[[], None]) -> None:
        """Count no more; ``end`` is called if there are no others. Without effect if not joined."""
        if self._users is None:
            return
        users, self._users = self._users, None
        with self.alone():
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:  # there are others
                return
            finally:
                users.close()
            end()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep all others out who would join, leave, or be alone."""
        with (self.folder / "door").open("w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)
            yield
