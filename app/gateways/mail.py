"""The one door to the mail server. One connection may send several mails.

The address checked is the address connected to. A deadline holds for making a connection, and one
for each mail, however slowly the server goes on.
"""

import base64
import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, Self

from app.domain.outbound import OutboundPolicy
from app.gateways.addresses import Unreachable, checked_addresses, tls_reason, trusted
from app.gateways.letters import domain_of

Step = Literal["connect", "tls", "login", "sender", "recipient", "message"]
#: Of what a server says so many characters are kept.
_KEPT: Final = 200
#: RFC 5321, section 3.8: the server is about to close the connection.
_CLOSING: Final = 421


class MailFailed(Exception):
    """A mail was not sent. The text is for a person and holds no password.

    ``step`` says where; ``is_final``: the same mail would be refused again.
    """

    def __init__(self, step: Step, text: str, *, is_final: bool = False) -> None:
        super().__init__(f"{step}: {text}")
        self.step, self.is_final = step, is_final

    @property
    def is_of_server(self) -> bool:
        """Whether no other mail would have come further."""
        return self.step in {"connect", "tls", "login", "sender"}


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in, as whom, and how long a mail may take."""

    host: str
    port: int
    security: str
    sender: str
    policy: OutboundPolicy
    seconds: float
    username: str = ""
    password: str = ""


class Connection:
    """A connection to a mail server, ready to send. Use it in a ``with`` block."""

    def __init__(self, server: MailServer) -> None:
        """Connect, secure the connection and log in. Raises :class:`MailFailed`."""
        self._server = server
        self._end = time.monotonic() + server.seconds
        self._client = _Client(server)
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        with self._step("connect"):
            code, text = self._client.connect_until(self._end)
            if code != 220:
                raise smtplib.SMTPResponseException(code, text)
        with self._watched():
            if self._server.security == "starttls":
                with self._step("tls"):
                    self._client.ehlo_or_helo_if_needed()
                    self._client.starttls(context=trusted())
            with self._step("connect"):
                self._client.ehlo_or_helo_if_needed()
            if self._server.username:
                with self._step("login"):
                    self._client.login(self._server.username, self._server.password)

    def send(self, recipient: str, message: bytes) -> None:
        """Hand a mail in. Raises :class:`MailFailed`; then the connection may be of no more use."""
        self._end = time.monotonic() + self._server.seconds
        with self._watched():
            with self._step("sender"):
                _expect(*self._client.mail(self._server.sender))
            with self._step("recipient"):
                _expect(*self._client.rcpt(recipient))
            with self._step("message"):
                _expect(*self._client.data(message))

    def renew(self) -> None:
        """Make the connection ready for another mail after one that failed."""
        self._end = time.monotonic() + self._server.seconds
        with self._watched(), self._step("connect"):
            _expect(*self._client.docmd("RSET"))

    def close(self) -> None:
        """Take leave; whether the server hears it does not matter."""
        self._end = time.monotonic() + 1
        with contextlib.suppress(OSError, smtplib.SMTPException), self._watched():
            if self._client.sock is not None:
                self._client.sock.settimeout(1)
                self._client.quit()
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        sock = self._client.sock
        if sock is not None:
            sock.settimeout(max(self._end - time.monotonic(), 0.001))
        with _cutting(self._client, self._end):
            yield

    @contextlib.contextmanager
    def _step(self, step: Step) -> Iterator[None]:
        """Turn the library's failures into ours."""
        try:
            yield
        except (smtplib.SMTPException, OSError, ValueError, Unreachable) as error:
            raise self._failure(step, error) from None

    def _failure(self, step: Step, error: Exception) -> MailFailed:
        if isinstance(error, smtplib.SMTPResponseException):
            return self._refusal(step, error)
        if isinstance(error, ssl.SSLError):
            return MailFailed("tls", self._in_time(tls_reason(error)))
        return MailFailed(step, self._reason(error))

    def _reason(self, error: Exception) -> str:
        if isinstance(error, Unreachable):
            return str(error)
        if isinstance(error, UnicodeError):
            return "what is sent to the server must be in ASCII"
        broken = smtplib.SMTPServerDisconnected
        if isinstance(error, smtplib.SMTPException) and not isinstance(error, broken):
            return self._plain(str(error))
        return self._in_time(getattr(error, "strerror", None) or "the connection broke off")

    def _in_time(self, text: str) -> str:
        if time.monotonic() >= self._end - 0.01:
            return f"no answer within {self._server.seconds:g} seconds"
        return text

    def _refusal(self, step: Step, answer: smtplib.SMTPResponseException) -> MailFailed:
        said = answer.smtp_error
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        if answer.smtp_code == -1:  # not an answer: the connection had broken off
            return MailFailed(step, self._in_time("the connection broke off"))
        step = "connect" if answer.smtp_code == _CLOSING else step
        is_final = 500 <= answer.smtp_code < 600 and step in {"recipient", "message"}
        shown = self._plain(text)
        return MailFailed(
            step, f"the server answered {answer.smtp_code} {shown}", is_final=is_final
        )

    def _plain(self, text: str) -> str:
        """Return what a server said in one line, without a password that came back."""
        password = self._server.password
        for form in (password, base64.b64encode(password.encode()).decode()):
            text = text.replace(form, "***") if form else text
        return _one_line(text)


class _Client(smtplib.SMTP):
    """The library's client, which connects only where it may."""

    def __init__(self, server: MailServer) -> None:
        # The library would ask the system for our name, which may take long.
        super().__init__(local_hostname=domain_of(server.sender), timeout=server.seconds)
        self._server = server
        self._host = server.host  # the name that its certificate must hold
        self.sock: socket.socket | None = None

    def connect_until(self, end: float) -> tuple[int, bytes]:
        """Connect to one of the server's addresses; return its greeting."""
        server, failure = self._server, OSError()
        found = checked_addresses(server.policy, (server.host, server.port), end)
        for place, address in enumerate(found):
            share = max((end - time.monotonic()) / (len(found) - place), 0.001)
            try:
                sock = socket.create_connection((str(address), server.port), share)
                break
            except OSError as error:
                failure = error
        else:
            text = failure.strerror or "no answer"
            raise Unreachable(f"cannot connect to {server.host} port {server.port}: {text}")
        self.sock = sock
        return self._greeted(end)

    def _greeted(self, end: float) -> tuple[int, bytes]:
        assert self.sock is not None  # noqa: S101 - it was made just now
        self.sock.settimeout(max(end - time.monotonic(), 0.001))
        with _cutting(self, end):
            if self._server.security == "tls":
                self.sock = trusted().wrap_socket(self.sock, server_hostname=self._host)
            code, text = self.getreply()
            return int(code), text

    def cut(self) -> None:
        """End the connection from another thread, whatever it waits for."""
        sock: Any = self.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextlib.contextmanager
def _cutting(client: _Client, end: float) -> Iterator[None]:
    """Cut a connection at a moment: a timeout of its socket would begin anew with each read."""
    timer = threading.Timer(max(0.0, end - time.monotonic()), client.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _expect(code: int, text: bytes) -> None:
    if not 200 <= code < 300:
        raise smtplib.SMTPResponseException(code, text)


def _one_line(text: str) -> str:
    shown = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return shown if len(shown) <= _KEPT else shown[: _KEPT - 1] + "…"
