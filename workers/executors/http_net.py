"""Where outgoing requests connect to: the address checked is the address connected to."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from ipaddress import ip_address

import httpcore

from app.domain.outbound import Address, OutboundPolicy
from workers.executors.http_stream import CallFailed, Stream, dial
from workers.executors.watch import Watch

#: Turns a host name and a port into addresses as text; raises OSError when it can't.
Resolve = Callable[[str, int], Sequence[str]]

CONNECT_SECONDS = 10.0


class Backend(httpcore.NetworkBackend):
    """Opens the connections of one call."""

    def __init__(self, policy: OutboundPolicy, resolve: Resolve, watch: Watch) -> None:
        self._policy = policy
        self._resolve = resolve
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Stream:
        """Connect to one of the host's addresses, tried in the order given.

        The resolver and all the addresses share ``timeout``; the last two arguments are not used.
        """
        self._watch.check()
        end = time.monotonic() + (CONNECT_SECONDS if timeout is None else timeout)
        addresses = self._checked_addresses(host, port, end)
        failure: OSError = TimeoutError()
        for place, address in enumerate(addresses):
            share = (end - time.monotonic()) / (len(addresses) - place)
            try:
                return dial(address, port, self._watch, time.monotonic() + share)
            except OSError as error:
                failure = error
        reason = "no answer" if failure.errno is None else os.strerror(failure.errno)
        raise CallFailed("CONNECT_FAILED", f"cannot connect to {host} port {port}: {reason}")

    def _checked_addresses(self, host: str, port: int, end: float) -> list[Address]:
        """Return where a host is. If any of its addresses is not allowed, it is refused."""
        if self._policy.owns(host, port):
            raise _refused(f"{host} port {port} is a part of this product")
        addresses = self._addresses(host, port, end)
        policy = self._with_own_resolved(port, end)
        for address in addresses:
            reason = policy.refusal(address, port)
            if reason is not None:
                raise _refused(reason.rstrip("."))
        return addresses

    def _with_own_resolved(self, port: int, end: float) -> OutboundPolicy:
        """Add the addresses of the product's parts that use this port and have names."""
        found: list[tuple[str, int]] = []
        for own in {own for own, own_port in self._policy.own if own_port == port}:
            try:
                found += [(str(address), port) for address in self._addresses(own, port, end)]
            except CallFailed:  # then nobody gets there by asking for it
                continue
        return replace(self._policy, own=(*self._policy.own, *found)) if found else self._policy

    def _addresses(self, host: str, port: int, end: float) -> list[Address]:
        try:
            return [ip_address(host)]
        except ValueError:
            answer = self._ask(host, port, end)
        return [ip_address(text) for text in dict.fromkeys(answer)]

    def _ask(self, host: str, port: int, end: float) -> Sequence[str]:
        """Resolve in a thread of its own: the system's resolver can't be told to give up."""
        answers: list[Sequence[str]] = []
        is_done = threading.Event()

        def ask() -> None:
            try:
                answers.append(self._resolve(host, port))
            except (OSError, UnicodeError):
                answers.append(())
            finally:
                is_done.set()

        thread = threading.Thread(target=ask, name="resolve", daemon=True)
        thread.start()
        if not self._watch.wait_for_event(is_done, end):
            raise CallFailed("DNS_FAILED", f"nobody answers where {host} is")
        thread.join()
        if not answers or not answers[0]:
            raise CallFailed("DNS_FAILED", f"the name {host} can't be found")
        return answers[0]


def resolve(host: str, port: int) -> list[str]:
    """Ask the system where a host is; raises OSError when it does not know."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def _refused(reason: str) -> CallFailed:
    return CallFailed("TARGET_NOT_ALLOWED", reason, may_retry=False)
