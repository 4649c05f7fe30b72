"""One call of a web address, redirects and all, for every executor that makes calls."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import certifi
import httpcore
import httpx

from app.domain.outbound import OutboundPolicy
from app.domain.web_address import WebAddress, check_url
from workers.executors.http_body import ENCODINGS, BodyDecoder, BrokenBody
from workers.executors.http_net import CONNECT_SECONDS, Backend, Resolve, resolve
from workers.executors.http_redirect import Hop, next_hop
from workers.executors.http_stream import CallFailed
from workers.executors.watch import Watch

#: Bytes of a body, unpacked, after which no more is read.
MAX_BODY_BYTES = 64 * 1024 * 1024

#: Seconds a phase may take; reading has no limit but the watch's.
_PHASES = {"connect": CONNECT_SECONDS, "write": 60.0, "pool": 1.0}
_USER_AGENT = "OneOff"


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. The deadline is the watch's matter."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    follow_redirects: bool = True
    max_redirects: int = 5
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of an answer."""

    http_version: str
    status: int
    reason: str
    #: As they came, in order; names may repeat.
    headers: tuple[tuple[str, str], ...]

    def header(self, name: str) -> str:
        """Return the first header of this name, or empty text."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    @property
    def encoding(self) -> str:
        """Return how the body is packed, in small letters; empty when it is not."""
        return self.header("Content-Encoding").strip().lower()


class Receiver(Protocol):
    """Takes an answer while it comes."""

    def redirected(self, status: int, origin: str) -> None:
        """Hear that the answer sends us on to another address."""

    def head(self, answer: Answer) -> None:
        """Take the head of the final answer."""

    def body(self, data: bytes) -> None:
        """Take a block of its body, unpacked."""

    def cut(self, limit: int) -> None:
        """Hear that the body is longer than ``limit`` bytes and the rest is not read."""


class Caller:
    """Makes calls under the operator's policy."""

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        resolve: Resolve = resolve,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._policy = policy
        self._resolve = resolve
        self._max_body_bytes = max_body_bytes

    def call(self, request: Request, receiver: Receiver, watch: Watch) -> Answer:
        """Send a request and pass the answer on; return its head once all of it is there.

        Raises :class:`CallFailed` when there is no usable answer, ``Interrupted`` by the watch.
        Nothing of the call is left behind: no connection, no cookie.
        """
        hop = Hop(request.method, _address(request.url), request.headers, request.body)
        count = 0
        with _named_failures(), self._connections(request, watch) as connections:
            while True:
                with _send(connections, hop) as response:
                    answer = _answer(response)
                    following = _following(request, hop, answer)
                    if following is None:
                        receiver.head(answer)
                        self._receive(response, answer.encoding, receiver)
                        return answer
                if count == request.max_redirects:
                    raise _failed("TOO_MANY_REDIRECTS", f"there were more than {count} redirects")
                count += 1
                receiver.redirected(answer.status, following.address.origin)
                hop = following

    def _connections(self, request: Request, watch: Watch) -> httpcore.ConnectionPool:
        return httpcore.ConnectionPool(
            ssl_context=_tls(verify=request.verify_tls),
            network_backend=Backend(self._policy, self._resolve, watch),
        )

    def _receive(self, response: httpcore.Response, encoding: str, receiver: Receiver) -> None:
        decoder = BodyDecoder(encoding)
        taken, left = 0, self._max_body_bytes
        for data in response.iter_stream():
            taken += len(data)
            for block in decoder.feed(data):
                receiver.body(block[:left])
                left -= len(block)
                if left < 0:
                    break
            if left < 0 or taken > self._max_body_bytes:
                receiver.cut(self._max_body_bytes)
                return


def _following(request: Request, hop: Hop, answer: Answer) -> Hop | None:
    if not request.follow_redirects:
        return None
    return next_hop(hop, answer.status, answer.header("Location"))


@contextmanager
def _send(connections: httpcore.ConnectionPool, hop: Hop) -> Iterator[httpcore.Response]:
    """Send a request and yield its answer as soon as the head is there."""
    address = hop.address
    with connections.stream(
        hop.method,
        httpcore.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=httpx.URL("http://host" + address.target).raw_path,
        ),
        headers=_headers(hop),
        content=_content(hop),
        extensions={"timeout": _PHASES},
    ) as response:
        yield response


def _headers(hop: Hop) -> list[tuple[bytes, bytes]]:
    """Return all headers: ours unless given, and one connection for one request."""
    ours = {"Accept": "*/*", "Accept-Encoding": ", ".join(ENCODINGS), "User-Agent": _USER_AGENT}
    given = {name.lower() for name in hop.headers}
    headers = {"Host": hop.address.authority, "Connection": "close"}
    headers |= {name: value for name, value in ours.items() if name.lower() not in given}
    return [
        (name.encode(), value.encode()) for name, value in (headers | dict(hop.headers)).items()
    ]


def _content(hop: Hop) -> bytes | None:
    """Return the body; without one, methods that promise a body say that it is empty."""
    return b"" if hop.body is None and hop.method in ("POST", "PUT", "PATCH") else hop.body


def _answer(response: httpcore.Response) -> Answer:
    return Answer(
        http_version=response.extensions["http_version"].decode("ascii", "replace"),
        status=response.status,
        reason=response.extensions["reason_phrase"].decode("latin-1"),
        headers=tuple((k.decode("ascii", "replace"), _text(v)) for k, v in response.headers),
    )


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _address(url: str) -> WebAddress:
    try:
        return check_url(url)
    except ValueError as error:
        raise _failed("URL_NOT_ALLOWED", str(error).rstrip(".")) from None


@contextmanager
def _named_failures() -> Iterator[None]:
    """Turn the library's failures into ours. Its texts may quote headers, so they stay inside."""
    try:
        yield
    except httpcore.RemoteProtocolError as error:
        is_short = "disconnected" in str(error) or "closed" in str(error)
        text = "the connection ended too early" if is_short else "the answer is not valid HTTP"
        raise CallFailed("PROTOCOL_ERROR", text) from None
    except httpcore.LocalProtocolError:
        raise _failed("PROTOCOL_ERROR", "the request can't be written as HTTP") from None
    except BrokenBody as error:
        raise CallFailed("PROTOCOL_ERROR", str(error)) from None


def _failed(code: str, message: str) -> CallFailed:
    """Return a failure that trying again does not cure."""
    return CallFailed(code, message, may_retry=False)


@cache
def _tls(*, verify: bool) -> ssl.SSLContext:
    """Trust what the machine trusts, or the bundled list where the machine has none."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif not _machine_has_certificates():
        context.load_verify_locations(certifi.where())
    return context


def _machine_has_certificates() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile or (paths.capath and any(Path(paths.capath).glob("*.[0-9]"))))
