"""Who may make the first user: whoever sits at this machine, or has read the server's log."""

import threading
from typing import Final

from cachetools import TTLCache
from flask import current_app, request

from app.api.gate.address import client_address
from app.api.gate.browsers import name_of
from app.domain.errors import Forbidden, RateLimited
from app.services.people import setup
from app.settings import LOOPBACK, Settings

#: Somebody stands before us who may speak for anybody.
_OF_PROXIES: Final = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
#: So often an address may be wrong within so many seconds, in one process.
MOST_WRONG, SECONDS = 10, 60
_wrong: TTLCache[str, int] = TTLCache(1024, SECONDS)
_guard = threading.Lock()


def needs_token() -> bool:
    """Return whether the token must be shown.

    That is so unless the server listens on loopback only, was called by a name of loopback
    (a foreign page can have a browser come here under a name of its own), and no proxy passed
    the request on.
    """
    settings: Settings = current_app.config["SETTINGS"]
    is_near = settings.host in LOOPBACK and name_of(request.host) in LOOPBACK
    return not is_near or any(header in request.headers for header in _OF_PROXIES)


def check(token: object) -> None:
    """Refuse whoever must show the token and does not.

    Raises :class:`Forbidden`, and :class:`RateLimited` for an address that goes on guessing.
    """
    if not needs_token():
        return
    address = client_address()
    with _guard:
        if _wrong.get(address, 0) >= MOST_WRONG:
            raise RateLimited("too many wrong tokens; try again in a minute", SECONDS)
    try:
        setup.check_token(token if isinstance(token, str) else None)
    except Forbidden:
        with _guard:
            _wrong[address] = _wrong.get(address, 0) + 1
        raise
