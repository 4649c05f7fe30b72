"""Who may come in: whoever asks says who he is, and the table of permits says what he may do."""

import functools
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, current_app, g, request

from app.api.gate import limits
from app.api.gate.permits import KNOWN, OPEN, needed
from app.domain.api_keys import WRITE
from app.domain.errors import Forbidden, InvalidToken, Unauthenticated
from app.domain.ids import normalise_id
from app.domain.permissions import OF_SCOPE
from app.services import database_errors, metrics
from app.services.access import ANYBODY, Doorkeeper, Principal
from app.services.live import tickets
from app.settings import Settings


def guard(app: Flask, settings: Settings) -> None:
    """Have every request show a key, if authentication is on."""
    if settings.auth_enabled:
        gate = app.extensions[_EXTENSION] = _Gate()
        app.before_request(gate.check)
        app.after_request(_challenge)


def later() -> Callable[[], Principal | None]:
    """Return what says later, outside of this request, who its sender is by then.

    That is ``None`` once they are known no more or may not use this route any more. Streams ask.
    """
    gate: _Gate | None = current_app.extensions.get(_EXTENSION)
    who: Principal = g.get("principal", ANYBODY)
    if gate is None or "principal" not in g:
        return lambda: who
    permissions = needed(request.endpoint)
    recognise: Callable[[], Principal | None]
    if _is_with_ticket():
        recognise = functools.partial(tickets.holder, who.key_id)
    else:
        recognise = functools.partial(gate.doorkeeper.recognise, _shown_key())

    def ask() -> Principal | None:
        try:
            found = recognise()
        except Exception as error:
            if database_errors.meaning(error) is None:
                raise
            return who  # nobody can be asked; what was right a moment ago holds
        is_allowed = found is not None and _has_one(found, permissions)
        return found if is_allowed else None

    return ask


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
            limits.count(g.get("caller"))
            return
        who = self._of_request()
        _note(who)
        limits.count(who.caller)
        _refuse_unless_allowed(who)

    def _of_request(self) -> Principal:
        try:
            if _is_with_ticket():
                return _of_ticket()
            return self._recognised(_shown_key())
        except Unauthenticated:
            limits.count(None)
            raise

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


#: The one route that takes a ticket in the place of a key.
TICKETED: Final = "log_stream.watch_log"
_EXTENSION: Final = "oneoff_gate"
_CARRIERS: Final = frozenset({"authorization", "x-api-key"})


def _note(who: Principal) -> None:
    g.principal, g.actor, g.caller = who, who.actor, who.caller


def _refuse_unless_allowed(who: Principal) -> None:
    """Raise :class:`Forbidden`, unless one of the permissions that the route needs is there."""
    permissions = needed(request.endpoint)
    if request.endpoint is None:  # there is nothing at this address: that is said to all we know
        return
    if _has_one(who, permissions):
        return
    is_key_matter = who.user_id is None and not OF_SCOPE[WRITE] & set(permissions)
    text = "admin scope required" if is_key_matter else "insufficient permissions"
    raise Forbidden(text, {"needs": list(permissions)})


def _is_with_ticket() -> bool:
    return request.endpoint == TICKETED and "ticket" in request.args


def _of_ticket() -> Principal:
    """Return whose ticket a socket shows, which is used by that. Raises :class:`InvalidToken`."""
    execution_id = normalise_id(str((request.view_args or {}).get("execution_id"))) or ""
    return tickets.redeem(request.args["ticket"], execution_id)


def _has_one(who: Principal, permissions: tuple[str, ...]) -> bool:
    return any(permission == KNOWN or who.may(permission) for permission in permissions)


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
