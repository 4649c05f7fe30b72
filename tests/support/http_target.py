"""A web server that misbehaves on demand, for tests of whatever makes HTTP calls."""

import contextlib
import gzip
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass
class Seen:
    """A request as it arrived. Header names are in small letters."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    header_names: list[str] = field(default_factory=list)


class Exchange:
    """One connection with a request read from it; what a handler works with."""

    def __init__(self, connection: socket.socket, seen: Seen, is_over: threading.Event) -> None:
        self.connection = connection
        self.seen = seen
        self.is_over = is_over

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> bool:
        """Wait; return False when the server ends meanwhile or the caller has gone."""
        end = time.monotonic() + seconds
        while not self.is_over.wait(min(0.05, max(0.0, end - time.monotonic()))):
            if self._is_alone():
                return False
            if time.monotonic() >= end:
                return True
        return False

    def reset(self) -> None:
        """End the connection with RST."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()

    def _is_alone(self) -> bool:
        """Return whether the caller closed; only right when it has nothing more to say."""
        if isinstance(self.connection, ssl.SSLSocket):
            return False
        try:
            readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return True


Handler = Callable[[Exchange], None]


class HttpTarget:
    """The server. Every handler gets a path of its own; ``seen`` holds the requests in order."""

    def __init__(self, *, certificate: Path | None = None, host: str = "127.0.0.1") -> None:
        self.seen: list[Seen] = []
        self.open_connections = 0
        self._host = host
        self._handlers: dict[str, Handler] = {}
        self._threads: list[threading.Thread] = []
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._tls = None if certificate is None else _server_context(certificate)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._listener.settimeout(0.05)
        self._start(self._accept)
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def serve(self, handler: Handler, path: str | None = None) -> str:
        """Put a handler at a path (a new one if not given) and return its URL."""
        path = f"/{len(self._handlers)}" if path is None else path
        self._handlers[path] = handler
        return self.url(path)

    def url(self, path: str, *, host: str | None = None) -> str:
        scheme = "http" if self._tls is None else "https"
        name = f"[{self._host}]" if ":" in self._host else self._host
        return f"{scheme}://{host or name}:{self.port}{path}"

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(30)
            self._start(self._converse, connection)

    def _converse(self, connection: socket.socket) -> None:
        with self._lock:
            self.open_connections += 1
        try:
            with contextlib.suppress(OSError, ValueError):
                if self._tls is not None:
                    connection = self._tls.wrap_socket(connection, server_side=True)
                self._answer(connection)
        finally:
            connection.close()
            with self._lock:
                self.open_connections -= 1

    def _answer(self, connection: socket.socket) -> None:
        seen = _read_request(connection)
        if seen is None:
            return
        self.seen.append(seen)
        handler = self._handlers.get(seen.target.partition("?")[0], answer(404))
        handler(Exchange(connection, seen, self._is_over))


def answer(
    status: int = 200,
    body: bytes = b"",
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain"),),
    reason: str = "Some Reason",
) -> Handler:
    """Answer properly."""
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()

    def handler(exchange: Exchange) -> None:
        exchange.send(head if exchange.seen.method == "HEAD" else head + body)

    return handler


def redirect(status: int, location: str) -> Handler:
    return answer(status, b"moved", (("Location", location),))


def sends(data: bytes) -> Handler:
    """Send these bytes, whatever they are, and close."""
    return lambda exchange: exchange.send(data)


def hangs(seconds: float = 60.0, then: Handler | None = None) -> Handler:
    """Say nothing for a while, then answer."""

    def handler(exchange: Exchange) -> None:
        if exchange.pause(seconds):
            (then or answer())(exchange)

    return handler


def drips(data: bytes, *, every: float = 0.2, before: bytes = b"") -> Handler:
    """Send ``before`` at once, then one byte at a time."""

    def handler(exchange: Exchange) -> None:
        exchange.send(before)
        for place in range(len(data)):
            exchange.send(data[place : place + 1])
            if not exchange.pause(every):
                return

    return handler


def resets(before: bytes = b"") -> Handler:
    """Send something and end the connection with RST."""

    def handler(exchange: Exchange) -> None:
        if before:
            exchange.send(before)
            exchange.pause(0.2)
        exchange.reset()

    return handler


def floods(size: int, content_type: str = "text/plain") -> Handler:
    """Send so many bytes in chunks; stop when nobody reads."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    block = b"x" * 99 + b"\n"
    block *= 600

    def handler(exchange: Exchange) -> None:
        exchange.send(head.encode())
        left = size
        while left > 0 and not exchange.is_over.is_set():
            piece = block[:left]
            exchange.send(b"%x\r\n%b\r\n" % (len(piece), piece))
            left -= len(piece)
        exchange.send(b"0\r\n\r\n")

    return handler


def bomb(size: int) -> Handler:
    """Answer with zeros that are small while packed."""
    packed = gzip.compress(bytes(size), compresslevel=6)
    return answer(200, packed, (("Content-Type", "text/plain"), ("Content-Encoding", "gzip")))


def in_turn(*handlers: Handler) -> Handler:
    """Use one handler per request; the last one for all that follow."""
    left = list(handlers)

    def handler(exchange: Exchange) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return handler


def unused_port() -> int:
    """Return a port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def deaf_port() -> Iterator[int]:
    """Yield a port that takes no connection and refuses none: its queue is full."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            caller = held.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def _server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _read_request(connection: socket.socket) -> Seen | None:
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block:
            return None
        data += block
        if data[0] == 0x16:  # the greeting of TLS, to a server that has none
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            return None
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("utf-8", "replace").split("\r\n")
    method, target, _ = first.split(" ")
    pairs = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    headers = {name.lower(): value for name, value in pairs}
    wanted = int(headers.get("content-length", "0"))
    while len(body) < wanted:
        block = connection.recv(65536)
        if not block:
            return None
        body += block
    return Seen(method, target, headers, body, [name for name, _ in pairs])
