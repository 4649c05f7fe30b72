"""Where an answer sends a request on to, and what of the request may go there."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from app.domain.web_address import WebAddress, check_url
from workers.executors.http_stream import CallFailed

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Parts of header names that say that the value opens a door.
_SECRET_WORDS = (
    "auth",
    "cookie",
    "credential",
    "idempotency",
    "key",
    "pass",
    "secret",
    "session",
    "signature",
    "token",
)


@dataclass(frozen=True, slots=True)
class Hop:
    """A request as it goes to one address."""

    method: str
    address: WebAddress
    headers: Mapping[str, str]
    body: bytes | None


def looks_secret(name: str) -> bool:
    """Return whether a header of this name should stay with the address it was meant for."""
    return any(word in name.lower() for word in _SECRET_WORDS)


def next_hop(hop: Hop, status: int, location: str) -> Hop | None:
    """Return the request that follows an answer; ``None`` if the answer is no redirect.

    Raises :class:`CallFailed` with ``REDIRECT_REFUSED`` if it must not be followed.
    """
    if status not in _REDIRECTS or not location:
        return None
    address = _follow(hop.address, location)
    headers, method, body = dict(hop.headers), hop.method, hop.body
    if _becomes_get(status, method):
        headers = {k: v for k, v in headers.items() if not k.lower().startswith("content-")}
        method, body = "GET", None
    if address.origin != hop.address.origin:
        headers = {k: v for k, v in headers.items() if not looks_secret(k)}
    return Hop(method, address, headers, body)


def _becomes_get(status: int, method: str) -> bool:
    return (status == 303 and method not in ("GET", "HEAD")) or (
        status in (301, 302) and method == "POST"
    )


def _follow(origin: WebAddress, location: str) -> WebAddress:
    written = location.strip().partition("#")[0].replace(" ", "%20")
    try:
        address = check_url(urljoin(origin.url, written))
    except ValueError as error:
        raise _refused(str(error).rstrip(".")) from None
    if origin.scheme == "https" and address.scheme == "http":
        raise _refused(f"it leads from https to {address.origin}")
    return address


def _refused(why: str) -> CallFailed:
    return CallFailed("REDIRECT_REFUSED", f"the redirect is not followed: {why}", may_retry=False)
