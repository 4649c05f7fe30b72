"""The one door to web addresses of others, outside of jobs.

The address checked is the address connected to. Nothing is followed, kept or taken from the
environment: no redirect, cookie, proxy or netrc. One deadline holds for all of it.
"""

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import httpcore

from app.domain.outbound import OutboundPolicy
from app.domain.web_address import WebAddress, check_url
from app.gateways.addresses import (
    Resolve,
    Unreachable,
    checked_addresses,
    resolve,
    tls_reason,
    trusted,
)

#: Bytes of an answer's body that are read; the rest is not of interest.
READ_BYTES: Final = 4096
_CONNECT_SECONDS: Final = 10.0


class CallFailed(Exception):
    """No answer came. The text is for a person and holds no secrets."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; of the body only its beginning."""

    status: int
    body: bytes
    #: As the receiver wrote it; empty without one.
    retry_after: str = ""


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
            httpcore.ConnectionPool(ssl_context=trusted(), network_backend=backend) as pool,
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
        door = self._door
        try:
            addresses = checked_addresses(door.policy, (host, port), self._end, door.resolve)
        except Unreachable as refusal:
            raise CallFailed(str(refusal)) from None
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
        raise CallFailed(tls_reason(error.args[0] if error.args else error)) from None
    except httpcore.NetworkError:
        raise CallFailed("the connection broke off") from None
    except httpcore.ProtocolError:
        raise CallFailed("the answer is not valid HTTP") from None
    except ValueError as error:
        raise CallFailed(f"the address is not allowed: {error}") from None
