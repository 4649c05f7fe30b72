"""A WebSocket as a browser has it, which reads and notes when each message came."""

import base64
import json
import os
import socket
import time
from collections.abc import Iterator
from typing import Any

_CLOSE = 8


class Watcher:
    """One who watches."""

    def __init__(self, port: int, path: str) -> None:
        self._socket = socket.create_connection(("localhost", port), timeout=30)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._rest = bytearray()
        self._moment = 0.0
        head = self._until_blank()
        if b" 101 " not in head:
            raise ConnectionError(head.decode(errors="replace"))

    def messages(self, seconds: float) -> Iterator[tuple[float, Any]]:
        """Yield each message and when its last byte was read, until the socket is closed."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            kind, size = self._take(1)[0] & 0x0F, self._take(1)[0]
            if size > 125:
                size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
            payload = self._take(size)
            if kind == _CLOSE:
                self._socket.close()
                return
            if kind == 1:
                yield self._moment, json.loads(payload)
        raise TimeoutError("the socket was not closed")

    def _until_blank(self) -> bytes:
        while b"\r\n\r\n" not in self._rest:
            self._read()
        head, _, rest = bytes(self._rest).partition(b"\r\n\r\n")
        self._rest = bytearray(rest)
        return head

    def _take(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._read()
        found = bytes(self._rest[:size])
        del self._rest[:size]
        return found

    def _read(self) -> None:
        data = self._socket.recv(1_048_576)
        if not data:
            raise ConnectionError("the socket broke")
        self._moment = time.time()
        self._rest += data
