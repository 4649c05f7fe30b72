"""Who may come in: every route needs a key, but for those listed here.

What needs a key at all and which scope it must have is decided in this one place, from the
route's name and the method: a route that nobody thought of is closed.
"""

from typing import Final

from flask import Flask, Response, g, request

from app.domain.api_keys import ADMIN, READ, WRITE
from app.domain.errors import Forbidden, InvalidToken, Unauthenticated
from app.services import metrics
from app.services.access import Doorkeeper, Principal
from app.settings import Settings

#: Routes that answer everybody. The API document is the same for every installation.
OPEN: Final = frozenset(
    {
        "api-docs.openapi_json",
        "docs.lead_to_docs",
        "docs.show_asset",
        "docs.show_docs",
        "docs.show_start",
        "metrics",
        "ops.show_health",
        "ops.show_life",
        "ops.show_readiness",
    }
)
#: Resources and single routes that need the scope ``admin``, whatever the method.
ADMINS: Final = frozenset(
    {
        "api_keys",
        "pauses",
        "queues.pause_queue",
        "queues.resume_queue",
        "queues.update_queue",
        "system.update_system_config",
    }
)
#: Routes that only answer, though they are asked with a body.
QUESTIONS: Final = frozenset({"schedules.preview_schedule"})
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def guard(app: Flask, settings: Settings) -> None:
    """Have every request show a key, if authentication is on."""
    if settings.auth_enabled:
        gate = _Gate()
        app.before_request(gate.check)
        app.after_request(_challenge)


def is_stranger(settings: Settings) -> bool:
    """Return whether the caller of an open route has shown no valid key, though keys are on."""
    return settings.auth_enabled and "principal" not in g


class _Gate:
    def __init__(self) -> None:
        self.doorkeeper = Doorkeeper()

    def check(self) -> None:
        """Refuse who may not do this; note who asks."""
        if request.endpoint in OPEN:
            self._note_if_known()
            return
        who = self._recognised(_shown_key())
        if not who.may(needed_scope(request.endpoint, request.method)):
            raise Forbidden(_lacking(request.endpoint))
        _note(who)

    def _recognised(self, key: str) -> Principal:
        who = self.doorkeeper.recognise(key)
        metrics.observe_key(valid=who is not None)
        if who is None:
            raise InvalidToken
        return who

    def _note_if_known(self) -> None:
        if _CARRIERS & {name.lower() for name in request.headers.keys()}:  # noqa: SIM118
            try:
                who = self.doorkeeper.recognise(_shown_key())
            except Unauthenticated:
                return
            if who is not None:
                _note(who)


_CARRIERS: Final = frozenset({"authorization", "x-api-key"})


def _note(who: Principal) -> None:
    g.principal, g.actor, g.caller = who, who.actor, who.key_id


def needed_scope(endpoint: str | None, method: str) -> str:
    """Return the scope that a route needs."""
    if endpoint is not None and {endpoint, endpoint.partition(".")[0]} & ADMINS:
        return ADMIN
    return READ if method in _READS or endpoint in QUESTIONS else WRITE


def _lacking(endpoint: str | None) -> str:
    needs_admin = needed_scope(endpoint, "GET") == ADMIN
    return "admin scope required" if needs_admin else "insufficient permissions"


def _shown_key() -> str:
    """Return the key that a request carries. Raises :class:`Unauthenticated` without one."""
    given = request.headers.get("Authorization")
    scheme, _, key = (given or "").strip().partition(" ")
    if scheme.lower() != "bearer" and "X-API-Key" in request.headers:
        key = request.headers["X-API-Key"]
    elif given is None:
        raise Unauthenticated("missing Authorization header")
    elif scheme.lower() != "bearer":
        raise Unauthenticated("invalid Authorization header format; it is: Bearer KEY")
    if not key.strip():
        raise Unauthenticated("missing API key")
    return key.strip()


def _challenge(response: Response) -> Response:
    """Say how one may come in (RFC 9110, section 11.6.1; RFC 6750, section 3)."""
    if response.status_code == 401:
        shown = _CARRIERS & {name.lower() for name in request.headers.keys()}  # noqa: SIM118
        error = ', error="invalid_token"' if shown else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="OneOff"{error}'
    return response
