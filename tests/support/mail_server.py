"""Mail servers for tests: real ones on a port of this machine, well-behaved or not."""

import asyncio
import email
import email.policy
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


@dataclass
class Received:
    """A mail as it arrived."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return email.message_from_bytes(self.raw, policy=email.policy.default)

    def part(self, kind: str) -> str:
        """Return the text or the HTML."""
        (found,) = (p for p in self.message.walk() if p.get_content_type() == f"text/{kind}")
        return str(found.get_content())


@dataclass
class MailServer:
    """A server that keeps what it is handed; ``behave`` changes what it answers from now on.

    ``behave`` maps a step (mail, rcpt, data) to an answer such as ``451 later``, to ``hang``, or,
    for data, to ``drop``: the connection ends after the mail was kept.
    """

    tls: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    login: tuple[str, str] | None = None
    port: int = 0
    behave: dict[str, str] = field(default_factory=dict)
    kept: list[Received] = field(default_factory=list)
    connections: int = 0
    tried: int = 0

    def start(self) -> "MailServer":
        """Listen; on the same port again after :meth:`stop`."""
        self.port = self.port or free_port()
        options: dict[str, Any] = {"ready_timeout": 20, "hostname": "127.0.0.1", "port": self.port}
        if self.starttls:
            options |= {"tls_context": self.starttls, "require_starttls": True}
        if self.tls:
            options |= {"ssl_context": self.tls}
        if self.login:
            options |= {"authenticator": self._is_right, "auth_required": bool(self.starttls)}
            options |= {"auth_require_tls": bool(self.starttls)}
        self.controller = Controller(self, **options)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.controller.start()
                break
            except OSError:  # the port is not free yet
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        return self

    def stop(self) -> None:
        """Listen no more."""
        self.controller.stop(no_assert=True)

    def __enter__(self) -> "MailServer":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_right(self, _server, _session, _envelope, _mechanism, given) -> AuthResult:
        assert isinstance(given, LoginPassword)
        pair = (given.login.decode(), given.password.decode())
        return AuthResult(success=pair == self.login, handled=False)

    async def _answer(self, step: str) -> str:
        said = self.behave.get(step, "250 OK")
        while said == "hang":
            await asyncio.sleep(0.05)
            said = self.behave.get(step, "250 OK")
        return said

    async def handle_EHLO(self, server, session, envelope, hostname, responses):  # noqa: N802
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        said = await self._answer("mail")
        if said.startswith("250"):
            envelope.mail_from = address
        return said

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        said = await self._answer("rcpt")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.tried += 1
        got = Received(envelope.mail_from, list(envelope.rcpt_tos), envelope.original_content)
        said = await self._answer("data")
        if said.startswith(("250", "drop")):
            self.kept.append(got)
        if said == "drop":
            server.transport.abort()
        return said


class Silent:
    """A port that takes connections; ``greeting`` is sent byte by byte, then nothing more."""

    def __init__(self, greeting: bytes = b"", pause: float = 0.2) -> None:
        self.greeting, self.pause = greeting, pause
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._open: list[socket.socket] = []
        self._ended = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                one, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(one)
            threading.Thread(target=self._drip, args=(one,), daemon=True).start()

    def _drip(self, one: socket.socket) -> None:
        for byte in self.greeting:
            if self._ended.wait(self.pause):
                return
            try:
                one.sendall(bytes([byte]))
            except OSError:
                return

    @property
    def connections(self) -> int:
        """How many have come."""
        return len(self._open)

    def __enter__(self) -> "Silent":
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for one in (self._socket, *self._open):
            one.close()


def free_port() -> int:
    """Return a TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
