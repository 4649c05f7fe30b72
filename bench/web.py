"""An HTTP client that costs little, so that the server is measured and not the client."""

import json
import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

from bench.stage import until

CONNECTIONS = 4


class Client:
    """One kept-alive connection to a server on this machine."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = self._socket.makefile("rb")

    def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; return the status and the body of the answer."""
        self._socket.sendall(request)
        status = int(self._reader.readline().split()[1])
        length = 0
        while (line := self._reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return status, self._reader.read(length)

    def get(self, path: str) -> Any:
        """Return the decoded answer of a GET that succeeds."""
        return self._decoded(build("GET", path))

    def post(self, path: str, body: object) -> Any:
        """Return the decoded answer of a POST that succeeds."""
        return self._decoded(build("POST", path, body))

    def _decoded(self, request: bytes) -> Any:
        status, body = self.send(request)
        assert status < 300, (request[:300], status, body[:500])
        return json.loads(body)

    def close(self) -> None:
        """Close the connection."""
        self._reader.close()
        self._socket.close()


def build(method: str, path: str, body: object = None) -> bytes:
    """Return a whole request as it goes over the wire."""
    text = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(text)}\r\n"
    return f"{head}Content-Type: application/json\r\n\r\n".encode() + text


def wait_for(port: int, path: str) -> None:
    """Wait until a server answers."""
    until(lambda: _answers(port, path), 30, f"a server on port {port}", 0.05)


def _answers(port: int, path: str) -> bool:
    try:
        client = Client(port)
        try:
            return client.send(build("GET", path))[0] < 500
        finally:
            client.close()
    except (OSError, IndexError):
        return False


def rate(port: int, requests: Sequence[bytes], status: int) -> float:
    """Send requests over a few connections at once; return how many are answered a second.

    Raises if an answer has another status.
    """
    wrong: list[tuple[int, bytes]] = []
    lanes = [requests[lane::CONNECTIONS] for lane in range(CONNECTIONS)]
    clients = [Client(port) for _ in lanes]
    threads = [
        threading.Thread(target=_send_all, args=(client, lane, status, wrong))
        for client, lane in zip(clients, lanes, strict=True)
    ]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    for client in clients:
        client.close()
    assert not wrong, wrong[0]
    return len(requests) / seconds


def _send_all(
    client: Client, requests: Sequence[bytes], status: int, wrong: list[tuple[int, bytes]]
) -> None:
    try:
        for request in requests:
            got, body = client.send(request)
            if got != status:
                wrong.append((got, body[:500]))
                return
    except (OSError, IndexError, ValueError) as error:
        wrong.append((0, repr(error).encode()))
