"""A WebSocket on the connection of a request (RFC 6455), driven by one thread.

The protocol is that of the library wsproto. What clients say is read for its control frames only.
"""

import contextlib
import select
import socket
import time
from collections.abc import Iterable
from typing import Any, Final

from flask import Response, request
from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from app.api.live.room import STALL_SECONDS, socket_of_request

#: A client may say so much at once.
LONGEST: Final = 65_536
GOING_AWAY: Final = 1001
TOO_BIG: Final = 1009
NOT_KNOWN: Final = 4401
NOT_ALLOWED: Final = 4403
TOO_MANY: Final = 4429
_PING_SECONDS: Final = 15.0


class Closed(Exception):
    """The other side has gone."""


class Socket:
    """The server's end of a WebSocket."""

    def __init__(self) -> None:
        found = socket_of_request()
        if found is None:
            raise Closed
        self._socket = found
        self._socket.settimeout(STALL_SECONDS)
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = WSConnection(ConnectionType.SERVER)
        headers = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in request.headers]
        self._connection.initiate_upgrade_connection(headers, request.full_path)
        for event in self._connection.events():
            if isinstance(event, Request):
                self._write(self._connection.send(AcceptConnection()))
        self._said = 0
        self._spoke_at = time.monotonic()

    def send(self, frames: Iterable[bytes]) -> None:
        """Send messages in their frames. Raises :class:`Closed` if nobody takes them."""
        data = b"".join(frames)
        if not data and time.monotonic() - self._spoke_at >= _PING_SECONDS:
            data = self._connection.send(Ping())
        if data:
            self._spoke_at = time.monotonic()
            self._write(data)

    def listen(self) -> None:
        """Answer what the client has said. Raises :class:`Closed` if it has gone."""
        while select.select([self._socket], [], [], 0)[0]:
            try:
                data = self._socket.recv(16_384)
            except OSError:
                raise Closed from None
            if not data:
                raise Closed
            try:
                self._connection.receive_data(data)
                for event in self._connection.events():
                    self._heed(event)
            except (RemoteProtocolError, LocalProtocolError):
                raise Closed from None

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye."""
        with contextlib.suppress(Closed, LocalProtocolError):
            self._write(self._connection.send(CloseConnection(code, reason)))
        self._linger()

    def drop(self) -> None:
        """Give up the connection: gunicorn would wait for its end in the thread of all others."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def _linger(self) -> None:
        """Let the client read our goodbye: closing on unread data would cut it off."""
        deadline = time.monotonic() + 1
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
            while (left := deadline - time.monotonic()) > 0:
                if not select.select([self._socket], [], [], left)[0]:
                    return
                if not self._socket.recv(65_536):
                    return

    def _heed(self, event: Any) -> None:
        if isinstance(event, Ping):
            self._write(self._connection.send(event.response()))
        elif isinstance(event, CloseConnection):
            with contextlib.suppress(LocalProtocolError):
                self._write(self._connection.send(event.response()))
            raise Closed
        elif isinstance(event, TextMessage | BytesMessage):
            self._said += len(event.data)
            if self._said > LONGEST:
                self.close(TOO_BIG, "too long")
                raise Closed
            self._said = 0 if event.message_finished else self._said

    def _write(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError:
            raise Closed from None


class Over(Response):
    """The answer of a request whose connection was a socket: nothing more may be written to it."""

    def __init__(self) -> None:
        super().__init__()
        self._is_by_gunicorn = "gunicorn.socket" in request.environ

    def __call__(self, *_: Any) -> Any:
        """Have the server drop the connection, in the way that each server knows."""
        raise StopIteration if self._is_by_gunicorn else ConnectionError
