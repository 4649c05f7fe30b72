"""Where a host of others is, and whether it may be reached: checked before each connection."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from ipaddress import ip_address
from pathlib import Path

import certifi

from app.domain.outbound import Address, OutboundPolicy

#: Turns a host name and a port into addresses as text; raises OSError when it can't.
Resolve = Callable[[str, int], Sequence[str]]


class Unreachable(Exception):
    """A host is nowhere, or where no connection may go. The text is for a person."""


def resolve(host: str, port: int) -> list[str]:
    """Ask the system where a host is; raises OSError when it does not know."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def checked_addresses(
    policy: OutboundPolicy, target: tuple[str, int], end: float, resolve: Resolve = resolve
) -> list[Address]:
    """Return where a host is, asking until ``end`` (of ``time.monotonic``).

    Raises :class:`Unreachable`, also if only one of its addresses is not allowed.
    """
    host, port = target
    if policy.owns(host, port):
        raise _refused(f"{host} port {port} is a part of this product")
    addresses = _addresses(resolve, target, end)
    if not addresses:
        raise Unreachable(f"the name {host} can't be found")
    own = [
        (str(a), port) for name, p in policy.own if p == port for a in _try(resolve, (name, p), end)
    ]
    for address in addresses:
        reason = replace(policy, own=(*policy.own, *own)).refusal(address, port)
        if reason is not None:
            raise _refused(reason)
    return addresses


def _try(resolve: Resolve, target: tuple[str, int], end: float) -> list[Address]:
    try:
        return _addresses(resolve, target, end)
    except Unreachable:  # then nobody gets there by asking for it
        return []


def _addresses(resolve: Resolve, target: tuple[str, int], end: float) -> list[Address]:
    try:
        return [ip_address(target[0])]
    except ValueError:
        return [ip_address(text) for text in dict.fromkeys(_ask(resolve, target, end))]


def _ask(resolve: Resolve, target: tuple[str, int], end: float) -> Sequence[str]:
    """Resolve in a thread of its own: the system's resolver can't be told to give up."""
    answers: list[Sequence[str]] = []

    def ask() -> None:
        try:
            answers.append(resolve(*target))
        except (OSError, UnicodeError):
            answers.append(())

    thread = threading.Thread(target=ask, name="resolve", daemon=True)
    thread.start()
    thread.join(max(0.0, end - time.monotonic()))
    if not answers:
        raise Unreachable(f"nobody answers where {target[0]} is")
    return answers[0]


def _refused(reason: str) -> Unreachable:
    return Unreachable(f"target not allowed: {reason.rstrip('.')}")


def tls_reason(error: object) -> str:
    """Return in words why a connection could not be secured."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {error.verify_message.rstrip('.')}"
    return "the TLS handshake failed"


@cache
def trusted() -> ssl.SSLContext:
    """Trust what the machine trusts, or the bundled list where the machine has none."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not (paths.cafile or (paths.capath and any(Path(paths.capath).glob("*.[0-9]")))):
        context.load_verify_locations(certifi.where())
    return context
