"""The one door to web addresses of others, outside of jobs.

The address checked is the address connected to. Nothing is followed, kept or taken from the
environment: no redirect, cookie, proxy or netrc. One deadline holds for all of it.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import certifi
import httpcore

from app.domain.outbound import Address, OutboundPolicy
from app.domain.web_address import WebAddress, check_url

#: Bytes of an answer's body that are read; the rest is not of interest.
READ_BYTES: Final = 4096
_CONNECT_SECONDS: Final = 10.0

#: Turns a host name and a port into addresses as text; raises OSError when it can't.
Resolve = Callable[[str, int], Sequence[str]]


class CallFailed(Exception):
    """No answer came. The text is for a person and holds no secrets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of the body only its beginning."""

    status: int
    body: bytes
    #: As the receiver wrote it; empty without one.
    retry_after: str = ""


def resolve(host: str, port: int) -> list[str]:
    """Ask the system where a host is; raises OSError when it does not know."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True, slots=True)
class Door:
    """Where requests may go, and how long one may take."""

    policy: OutboundPolicy
    seconds: float
    resolve: Resolve = resolve

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body; return the answer, whatever its status. Raises :class:`CallFailed`."""
        with self._answered("POST", url, headers, body) as response:
            return Answer(response.status, _beginning(response), _retry_after(response))

    def fetch(
        self, url: str, most: int, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Ask for a whole answer of at most ``most`` bytes; with a body by POST.

        Raises :class:`CallFailed`, also if the answer is longer or breaks off.
        """
        method = "GET" if body is None else "POST"
        with self._answered(method, url, headers, body) as response:
            return Answer(response.status, _whole(response, most), _retry_after(response))

    @contextmanager
    def _answered(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[httpcore.Response]:
        with _plain_failures(self.seconds), self._sent(method, check_url(url), headers, body) as it:
            yield it

    @contextmanager
    def _sent(
        self, method: str, to: WebAddress, headers: Mapping[str, str], body: bytes | None
    ) -> Iterator[httpcore.Response]:
        own = {"Host": to.authority, "Connection": "close", "Accept": "*/*"}
        sent = [(name.encode(), value.encode()) for name, value in {**own, **headers}.items()]
        if body is not None:
            sent.append((b"Content-Length", str(len(body)).encode()))
        target = httpcore.URL(
            scheme=to.scheme.encode(),
            host=to.host.encode(),
            port=to.port,
            target=_escaped(to.target),
        )
        backend = _Backend(self, time.monotonic() + self.seconds)
        with (
            httpcore.ConnectionPool(ssl_context=_tls(), network_backend=backend) as pool,
            pool.stream(method, target, headers=sent, content=body) as response,
        ):
            yield response


def _escaped(target: str) -> bytes:
    return "".join(
        c if c.isascii() else "".join(f"%{b:02X}" for b in c.encode()) for c in target
    ).encode()


def _beginning(response: httpcore.Response) -> bytes:
    """Return the first bytes of a body. The status says all that counts, so it may break off."""
    kept = b""
    with suppress(httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        for block in response.iter_stream():
            kept += block
            if len(kept) >= READ_BYTES:
                break
    return kept[:READ_BYTES]


def _whole(response: httpcore.Response, most: int) -> bytes:
    kept = b""
    for block in response.iter_stream():
        kept += block
        if len(kept) > most:
            raise CallFailed(f"the answer has more than {most} bytes")
    return kept


def _retry_after(response: httpcore.Response) -> str:
    values = (v for name, v in response.headers if name.lower() == b"retry-after")
    return next(values, b"")[:100].decode("latin-1")


class _Backend(httpcore.NetworkBackend):
    """Opens the connection of one call."""

    def __init__(self, door: Door, end: float) -> None:
        self._door, self._end = door, end
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the host's addresses; of the arguments only host and port count."""
        del timeout, local_address, socket_options
        addresses = self._checked_addresses(host, port)
        end = min(self._end, time.monotonic() + _CONNECT_SECONDS)
        failure: Exception = TimeoutError()
        for place, address in enumerate(addresses):
            share = (end - time.monotonic()) / (len(addresses) - place)
            try:
                stream = self._plain.connect_tcp(str(address), port, timeout=max(share, 0.001))
                return _Stream(stream, self._end)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        reason = failure.__cause__ or failure
        text = getattr(reason, "strerror", None) or "no answer"
        raise CallFailed(f"cannot connect to {host} port {port}: {text}")

    def _checked_addresses(self, host: str, port: int) -> list[Address]:
        """Return where a host is. If any of its addresses is not allowed, it is refused."""
        policy = self._door.policy
        if policy.owns(host, port):
            raise _refused(f"{host} port {port} is a part of this product")
        addresses = self._addresses(host, port)
        if not addresses:
            raise CallFailed(f"the name {host} can't be found")
        own = [(str(a), port) for name, p in policy.own if p == port for a in self._try(name, p)]
        for address in addresses:
            reason = replace(policy, own=(*policy.own, *own)).refusal(address, port)
            if reason is not None:
                raise _refused(reason)
        return addresses

    def _try(self, host: str, port: int) -> list[Address]:
        try:
            return self._addresses(host, port)
        except CallFailed:  # then nobody gets there by asking for it
            return []

    def _addresses(self, host: str, port: int) -> list[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            return [ip_address(text) for text in dict.fromkeys(self._ask(host, port))]

    def _ask(self, host: str, port: int) -> Sequence[str]:
        """Resolve in a thread of its own: the system's resolver can't be told to give up."""
        answers: list[Sequence[str]] = []

        def ask() -> None:
            try:
                answers.append(self._door.resolve(host, port))
            except (OSError, UnicodeError):
                answers.append(())

        thread = threading.Thread(target=ask, name="resolve", daemon=True)
        thread.start()
        thread.join(max(0.0, self._end - time.monotonic()))
        if not answers:
            raise CallFailed(f"nobody answers where {host} is")
        return answers[0]


class _Stream(httpcore.NetworkStream):
    """A connection that ends at a moment, however slowly the other side goes on."""

    def __init__(self, stream: httpcore.NetworkStream, end: float) -> None:
        self._stream, self._end = stream, end

    def _left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what there is; empty at the end."""
        del timeout
        return self._stream.read(max_bytes, self._left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        del timeout
        self._stream.write(buffer, self._left())

    def close(self) -> None:
        """Give the socket back."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "_Stream":
        """Shake hands; the certificate must be one for ``server_hostname``."""
        del timeout
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left())
        return _Stream(secured, self._end)

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection knows of itself."""
        return self._stream.get_extra_info(info)


@contextmanager
def _plain_failures(seconds: float) -> Iterator[None]:
    """Turn the library's failures into ours. Its texts may quote headers, so they stay inside."""
    try:
        yield
    except httpcore.TimeoutException:
        raise CallFailed(f"no answer within {seconds:g} seconds") from None
    except httpcore.ConnectError as error:
        raise CallFailed(_tls_reason(error.args[0] if error.args else error)) from None
    except httpcore.NetworkError:
        raise CallFailed("the connection broke off") from None
    except httpcore.ProtocolError:
        raise CallFailed("the answer is not valid HTTP") from None
    except ValueError as error:
        raise CallFailed(f"the address is not allowed: {error}") from None


def _tls_reason(error: object) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {error.verify_message.rstrip('.')}"
    return "the TLS handshake failed"


def _refused(reason: str) -> CallFailed:
    return CallFailed(f"target not allowed: {reason.rstrip('.')}")


@cache
def _tls() -> ssl.SSLContext:
    """Trust what the machine trusts, or the bundled list where the machine has none."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or (paths.capath and any(Path(paths.capath).glob("*.[0-9]")))):
        context.load_verify_locations(certifi.where())
    return context
