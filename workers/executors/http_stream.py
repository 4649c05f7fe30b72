"""One connection of an outgoing request, which ends when its watch says so."""

import errno
import math
import os
import select
import socket
import ssl
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import httpcore

from app.domain.outbound import Address
from workers.executors.watch import Watch

Result = TypeVar("Result")


class CallFailed(Exception):
    """No usable answer came. The text is for a person and holds no secrets."""

    def __init__(self, code: str, message: str, *, may_retry: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.may_retry = may_retry


def dial(address: Address, port: int, watch: Watch, end: float) -> "Stream":
    """Connect to an address until the moment ``end``; raises OSError when that fails."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    dialled = socket.socket(family, socket.SOCK_STREAM)
    try:
        dialled.settimeout(0)
        dialled.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _connect(dialled, (str(address), port), watch, end)
    except BaseException:
        dialled.close()
        raise
    return Stream(dialled, watch)


def _connect(dialled: socket.socket, to: tuple[str, int], watch: Watch, end: float) -> None:
    code = dialled.connect_ex(to)
    if code == errno.EINPROGRESS:
        if not watch.wait_for_socket(dialled.fileno(), select.POLLOUT, end):
            raise TimeoutError
        code = dialled.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))


class Stream(httpcore.NetworkStream):
    """A connected socket. Timeouts are seconds for one read or write, over the watch's own."""

    def __init__(self, connected: socket.socket, watch: Watch) -> None:
        self._socket = connected
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what there is, at most ``max_bytes``; empty at the end."""
        try:
            return self._perform(partial(self._socket.recv, max_bytes), select.POLLIN, timeout)
        except OSError:
            raise CallFailed("PROTOCOL_ERROR", "the connection broke off") from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        view = memoryview(buffer)
        try:
            while view:
                send = partial(self._socket.send, view)
                view = view[self._perform(send, select.POLLOUT, timeout) :]
        except TimeoutError:
            raise CallFailed("PROTOCOL_ERROR", "the server does not take the request") from None
        except OSError as error:  # an answer may have come all the same: it is read next
            raise httpcore.WriteError(type(error).__name__) from None

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> "Stream":
        """Shake hands; the certificate must be one for ``server_hostname``."""
        try:
            secured = ssl_context.wrap_socket(
                self._socket, server_hostname=server_hostname, do_handshake_on_connect=False
            )
            self._socket = secured
            self._perform(secured.do_handshake, select.POLLIN, timeout)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise _tls_failure(error, server_hostname or "") from None
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return the TLS socket when that is asked for."""
        is_tls = isinstance(self._socket, ssl.SSLSocket)
        return self._socket if info == "ssl_object" and is_tls else None

    def _perform(
        self, operation: Callable[[], Result], events: int, timeout: float | None
    ) -> Result:
        """Repeat an operation of a non-blocking socket until it gets through."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        self._watch.check()
        while True:
            try:
                return operation()
            except ssl.SSLWantReadError:
                wanted = select.POLLIN
            except ssl.SSLWantWriteError:
                wanted = select.POLLOUT
            except BlockingIOError:
                wanted = events
            if not self._watch.wait_for_socket(self._socket.fileno(), wanted, end):
                raise TimeoutError


def _tls_failure(error: OSError, host: str) -> CallFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"the certificate of {host} is not accepted: {error.verify_message.rstrip('.')}"
        return CallFailed("TLS_ERROR", text, may_retry=False)
    if isinstance(error, TimeoutError):
        return CallFailed("TLS_ERROR", f"{host} does not answer the TLS handshake")
    reason = getattr(error, "reason", None) or "the connection broke off"
    words = reason.replace("_", " ").lower()
    return CallFailed("TLS_ERROR", f"the TLS handshake with {host} failed: {words}")
