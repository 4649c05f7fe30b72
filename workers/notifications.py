"""Sends the e-mails that are due, several over one connection."""

import functools
import logging
import time

from app.db import transaction
from app.gateways.mail import Connection, MailFailed, MailServer
from app.services.notifications import sending, server
from app.services.notifications.sending import LEASE_MARGIN_SECONDS, Attempt
from app.settings import Settings
from workers import fuse, process
from workers.shares import Shares

log = logging.getLogger(__name__)

#: After so long a thread lets the other lanes have their turn.
SLICE_SECONDS = 2.0
_SERVER = "mail server"


class Postman:
    """Sends mails under the limits of this process: one thread, two once the server does well."""

    def __init__(self, settings: Settings, shares: Shares) -> None:
        self._settings, self._shares = settings, shares

    def drain(self) -> None:
        """Send what is due, for at most one slice and the try it ends in.

        Without a free share nothing is done: whoever holds it goes on, and beat rings again.
        """
        if not self._shares.take(_SERVER):
            return
        try:
            is_done = self._drain(time.monotonic() + SLICE_SECONDS)
        finally:
            self._shares.give_back(_SERVER)
        if not is_done:
            sending.ring()

    def _drain(self, end: float) -> bool:
        with _Line() as line:
            while not fuse.stopping_since():
                if time.monotonic() >= end:
                    return False
                if not self._send_next(line):
                    return True
        return True

    def _send_next(self, line: "_Line") -> bool:
        """Send a mail; ``False`` if none is due, or if no other would have come further."""
        with transaction() as session:
            found = self._server(session)
            if found is None:
                return False
            seconds = found.seconds if isinstance(found, MailServer) else 0.0
            attempt = sending.claim(session, 2 * seconds + LEASE_MARGIN_SECONDS)
        if attempt is None:
            return False
        failure = found if isinstance(found, MailFailed) else line.send(found, attempt)
        with transaction() as session:
            sending.record(session, attempt, failure)
        if failure is not None:
            log.warning("an e-mail was not sent: %s", failure)
        is_well = failure is None or not failure.is_of_server
        self._shares.note(_SERVER, well=is_well)
        return is_well

    def _server(self, session: object) -> MailServer | MailFailed | None:
        try:
            return server.find(session, self._settings)  # type: ignore[arg-type]
        except MailFailed as failure:
            return failure


class _Line:
    """The connection of one slice: made for the first mail, and again after it broke."""

    def __init__(self) -> None:
        self._server: MailServer | None = None
        self._open: Connection | None = None

    def send(self, to: MailServer, attempt: Attempt) -> MailFailed | None:
        """Send a mail; return why it was not sent."""
        try:
            sending.send(attempt, to.sender, self._connection(to))
        except MailFailed as failure:
            self._mend()
            return failure
        return None

    def _connection(self, to: MailServer) -> Connection:
        if self._open is None or to != self._server:
            self._close()
            self._open, self._server = Connection(to), to
        return self._open

    def _mend(self) -> None:
        if self._open is not None:
            try:
                self._open.renew()
            except MailFailed:
                self._close()

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()


@functools.cache
def postman() -> Postman:
    """Return this process's postman."""
    return Postman(process.settings(), Shares(process.identity().slots))
