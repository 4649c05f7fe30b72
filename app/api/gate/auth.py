"""Who may come in: whoever asks says who he is, and the table of permits says what he may do."""

from collections.abc import Callable
from typing import Final

from flask import Flask, Response, current_app, g, request

from app.api.gate import limits, shown
from app.api.gate.address import client_address, is_elsewhere, may_be_used_from, refuse_elsewhere
from app.api.gate.permits import KNOWN, OPEN, PERSON, PERSONAL, SIGNED_IN, needed
from app.domain.api_keys import WRITE
from app.domain.errors import (
    CsrfFailed,
    Forbidden,
    InvalidToken,
    PasswordChangeRequired,
    Unauthenticated,
)
from app.domain.ids import normalise_id
from app.domain.permissions import OF_SCOPE, OWN
from app.services import database_errors, metrics
from app.services.access import ANYBODY, Doorkeeper, Principal, sight
from app.services.live import tickets
from app.services.people import csrf
from app.settings import Settings

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: The one route that takes a ticket in the place of a key.
TICKETED: Final = "log_stream.watch_log"
_EXTENSION: Final = "oneoff_gate"


def guard(app: Flask, settings: Settings) -> None:
    """Have every request show a key or a token, if authentication is on."""
    if settings.auth_enabled:
        gate = app.extensions[_EXTENSION] = _Gate()
        app.before_request(gate.check)
        app.after_request(_challenge)
        app.teardown_request(_forget)


def sees_installation(settings: Settings) -> bool:
    """Return whether the caller of an open route may see the figures of all."""
    if not settings.auth_enabled:
        return True
    who: Principal | None = g.get("principal")
    return who is not None and who.may("dashboard:user") and not who.sight.is_limited


def later() -> Callable[[], Principal | None]:
    """Return what says later, outside of this request, who its sender is by then.

    That is ``None`` once they are known no more or may not use this route any more. Streams ask.
    """
    gate: _Gate | None = current_app.extensions.get(_EXTENSION)
    who: Principal = g.get("principal", ANYBODY)
    if gate is None or "principal" not in g:
        return lambda: who
    endpoint, address = request.endpoint, client_address()

    def ask() -> Principal | None:
        try:
            found = gate.doorkeeper.recall(who.key_id, who.session_id)
        except Exception as error:
            if database_errors.meaning(error) is None:
                raise
            return who  # nobody can be asked; what was right a moment ago holds
        is_good = found is not None and _may_use(found, endpoint)
        return found if is_good and found and may_be_used_from(found, address) else None

    return ask


class _Gate:
    def __init__(self) -> None:
        self.doorkeeper = Doorkeeper()

    def check(self) -> None:
        """Refuse who may not do this; note who asks."""
        sight.enter(sight.NOTHING)
        if request.endpoint in OPEN:
            self._note_if_known()
            limits.count(g.get("caller"))
            return
        who = self._of_request()
        _note(who)
        limits.count(who.caller)
        refuse_elsewhere(who)
        _refuse_unless_allowed(who)

    def _of_request(self) -> Principal:
        try:
            return self._of_ticket() if _is_with_ticket() else self._recognised(shown.credential())
        except Unauthenticated:
            limits.count(None)
            raise

    def _of_ticket(self) -> Principal:
        """Return whose ticket a socket shows, which is used up by that."""
        execution_id = normalise_id(str((request.view_args or {}).get("execution_id"))) or ""
        holder = tickets.redeem(request.args["ticket"], execution_id)
        who = self.doorkeeper.recall(holder.key_id, holder.session_id)
        if who is None:
            raise InvalidToken
        return who

    def _recognised(self, credential: shown.Credential) -> Principal:
        if credential.is_cookie:
            who = self.doorkeeper.recognise_session(credential.text)
            _refuse_foreign_forms(who)
            g.is_by_cookie = True
            return who
        found = self.doorkeeper.recognise(credential.text)
        if found is None or found.session_id is None:
            metrics.observe_key(valid=found is not None)
        if found is None:
            raise InvalidToken
        return found

    def _note_if_known(self) -> None:
        """Note who asks for what is open to all; a bad key is as good as none there."""
        if shown.in_header() or (shown.cookie() and request.method in _READS):
            try:
                who = self._recognised(shown.credential())
            except Unauthenticated:
                return
            if not is_elsewhere(who):
                _note(who)


def _note(who: Principal) -> None:
    g.principal, g.actor, g.caller = who, who.actor, who.caller
    permissions = needed(request.endpoint)
    is_owner_only = any(map(who.may, permissions)) and not any(
        who.may(one) for one in permissions if not one.endswith(OWN)
    )
    others = [one for one in permissions if not one.endswith(OWN)]
    sight.enter(who.sight, others if is_owner_only else ())


def _forget(_error: BaseException | None) -> None:
    """Threads go on to serve others."""
    sight.leave()


def _refuse_foreign_forms(who: Principal) -> None:
    """Raise :class:`CsrfFailed` for a change whose sender only had the browser send its cookie."""
    given = request.headers.get(csrf.HEADER, "")
    if request.method not in _READS and not csrf.is_of_session(who.session_id or "", given):
        raise CsrfFailed


def _is_granted(who: Principal, permission: str) -> bool:
    if permission == PERSON:
        return who.user_id is not None
    if permission == SIGNED_IN:
        return who.session_id is not None
    return permission == KNOWN or who.may(permission)


def _refuse_unless_allowed(who: Principal) -> None:
    """Raise :class:`Forbidden`, unless one of the permissions that the route needs is there."""
    permissions = needed(request.endpoint)
    if request.endpoint is None:  # there is nothing at this address: that is said to all we know
        return
    if who.must_change_password and request.endpoint not in PERSONAL:
        raise PasswordChangeRequired
    if _may_use(who, request.endpoint):
        return
    is_key_matter = who.user_id is None and not OF_SCOPE[WRITE] & set(permissions)
    text = "admin scope required" if is_key_matter else "insufficient permissions"
    raise Forbidden(text, {"needs": list(permissions)})


def _may_use(who: Principal, endpoint: str | None) -> bool:
    if who.must_change_password and endpoint not in PERSONAL:
        return False
    return any(_is_granted(who, permission) for permission in needed(endpoint))


def _is_with_ticket() -> bool:
    return request.endpoint == TICKETED and "ticket" in request.args


def _challenge(response: Response) -> Response:
    """Say how one may come in (RFC 9110, section 11.6.1; RFC 6750, section 3)."""
    if response.status_code == 401:
        error = ', error="invalid_token"' if shown.in_header() or shown.cookie() else ""
        response.headers["WWW-Authenticate"] = f'Bearer realm="OneOff"{error}'
    return response
