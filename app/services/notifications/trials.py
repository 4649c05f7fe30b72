"""Trying e-mail out: one mail, sent while the caller waits."""

import time
from typing import Any

from app.db import reading
from app.domain.errors import Conflict
from app.domain.ids import new_id
from app.domain.mail import letters as words
from app.gateways import letters
from app.gateways.mail import Connection, MailFailed, MailServer
from app.services.notifications import server
from app.settings import Settings

#: Connecting and sending have half of it each.
LONGEST_SECONDS = 14.0


def send_test(to: str, settings: Settings) -> dict[str, Any]:
    """Send a test to an address, once; return how it went. No unit of work is open meanwhile.

    Raises :class:`Conflict` while e-mail is not configured.
    """
    began = time.monotonic()
    outcome: dict[str, Any] = {"to": to, "status": "sent"}
    try:
        _send(to, settings)
    except MailFailed as failure:
        outcome |= {"status": "failed", "step": failure.step, "error": str(failure)}
    return outcome | {"duration_ms": round((time.monotonic() - began) * 1000)}


def _send(to: str, settings: Settings) -> None:
    with reading() as session:
        found = server.find(session, settings, LONGEST_SECONDS / 2)
        language = server.language(session, settings)
    if found is None:
        raise Conflict("e-mail is not configured; set at least server and from")
    _hand_in(found, to, language)


def _hand_in(found: MailServer, to: str, language: str) -> None:
    message = letters.as_bytes(words.trial(language), found.sender, to, new_id())
    with Connection(found) as connection:
        connection.send(to, message)
