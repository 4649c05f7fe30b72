"""How many streams there may be at once: each holds a thread for as long as it lasts."""

import contextlib
import select
import socket
import threading
import time
from collections import Counter
from typing import Any, Final

from flask import Flask, current_app, request

from app.services.access import ANYBODY
from app.services.live import ending
from app.settings import Settings

_EXTENSION: Final = "oneoff_streams"
#: So many streams one caller may have open in one process; without sign-in all are one caller.
MOST_OF_ONE: Final = 32
#: A client that takes nothing for so long is dropped.
STALL_SECONDS: Final = 20.0
#: When the process ends streams have so long to say goodbye.
_GOODBYE_SECONDS: Final = 1.0


class Room:
    """The streams of one process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._guard = threading.Lock()
        self._open: Counter[str] = Counter()
        self._sockets: dict[int, socket.socket] = {}
        self._waker = ending.Waker(self._end)

    def enter(self, caller: str) -> "Seat | None":
        """Take a seat; ``None`` if there is none for this caller, or the process ends."""
        link = socket_of_request()
        with self._guard:
            is_full = self._open.total() >= self._most
            has_enough = caller != ANYBODY.caller and self._open[caller] >= MOST_OF_ONE
            if is_full or has_enough or ending.is_near():
                return None
            self._open[caller] += 1
            if link is not None:
                self._sockets[id(link)] = link
        if link is not None:
            link.settimeout(STALL_SECONDS)
        return Seat(self, caller, link)

    def leave(self, seat: "Seat") -> None:
        """Take a seat back."""
        with self._guard:
            self._sockets.pop(id(seat.link), None)
            self._open[seat.caller] -= 1
            if not self._open[seat.caller]:
                del self._open[seat.caller]

    def count(self) -> int:
        """Return how many streams are open."""
        return self._open.total()

    def _end(self) -> None:
        threading.Thread(target=self._cut, name="live-ending", daemon=True).start()

    def _cut(self) -> None:
        """Cut off those that still hang on their client when all others have said goodbye."""
        time.sleep(_GOODBYE_SECONDS)
        with self._guard:
            left = list(self._sockets.values())
        for link in left:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)


class Seat:
    """The place of one stream; to be left once."""

    def __init__(self, room: Room, caller: str, link: socket.socket | None) -> None:
        self.caller = caller
        self.link = link
        self._room = room
        self._is_left = False

    def is_deserted(self) -> bool:
        """Return whether the client has closed the connection; takes nothing of what it says."""
        if self.link is None:
            return False
        try:
            ready = select.poll()
            ready.register(self.link, select.POLLIN)
            return bool(ready.poll(0)) and not self.link.recv(1, socket.MSG_PEEK)
        except (OSError, ValueError):  # it is closed on our side, too
            return True

    def leave(self) -> None:
        """Give it back, however often this is called."""
        if not self._is_left:
            self._is_left = True
            self._room.leave(self)


def socket_of_request() -> socket.socket | None:
    """Return the connection of the request at hand, as gunicorn and werkzeug name it."""
    environ: dict[str, Any] = request.environ
    return environ.get("gunicorn.socket") or environ.get("werkzeug.socket")


def install(app: Flask, settings: Settings) -> None:
    """Give the application its room."""
    app.extensions[_EXTENSION] = Room(settings.streams_max)


def room() -> Room:
    """Return the room of this application."""
    found: Room = current_app.extensions[_EXTENSION]
    return found
