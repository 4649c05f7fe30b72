"""Signing in through the identity provider: the way there and back.

What belongs to one sign-in travels in a cookie of the browser that began it, encrypted. Whoever
comes back must bring it along, within ten minutes, and once.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.clock import now
from app.domain.errors import NotFound, Unavailable, shorten
from app.domain.own_paths import HOME
from app.gateways import cipher
from app.gateways.http import Door
from app.gateways.oidc import (
    Demand,
    Provider,
    ProviderAway,
    ProviderFailed,
    Registration,
    new_demand,
)
from app.models import SpentState
from app.settings import Settings

CALLBACK: Final = "/api/auth/oidc/callback"
VALID: Final = timedelta(minutes=10)
#: Time the provider has for each answer (seconds).
PATIENCE: Final = 5.0
_CONTEXT: Final = "sign-in through the identity provider"
_LONGEST: Final = 4000
_LONGEST_CODE: Final = 4000
#: What a provider's error means to a person; all others are failures (OpenID Connect, 3.1.2.6).
_ERRORS: Final = {
    "access_denied": "provider_denied",
    "server_error": "provider_away",
    "temporarily_unavailable": "provider_away",
}


class SignInRefused(Exception):
    """Somebody has come back and is not let in."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(reason)
        #: Name of the text that the person sees.
        self.text = text
        #: For the audit log.
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Journey:
    """A sign-in under way, and the place on our site to go to afterwards."""

    demand: Demand
    place: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to send a browser, and what it has to bring back."""

    address: str
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Ours:
    provider: Provider
    name: str


_ours: _Ours | None = None


def configure(settings: Settings) -> None:
    """Tell this process of the provider, if there is one."""
    global _ours  # noqa: PLW0603 - fixed at the start of the process
    _ours = None
    if settings.oidc_issuer and settings.auth_enabled:
        registration = Registration(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            settings.oidc_scopes,
            settings.public_url + CALLBACK,
        )
        door = Door(settings.provider_outbound, PATIENCE)
        name = settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or ""
        _ours = _Ours(Provider(registration, door), name)


def issuer() -> str | None:
    """Return what the provider calls itself, if there is one."""
    return None if _ours is None else _ours.provider.issuer


def name() -> str | None:
    """Return what people call the provider, if there is one."""
    return None if _ours is None else _ours.name


def depart(place: str) -> Departure:
    """Begin a sign-in. Raises :class:`NotFound` without a provider, or :class:`Unavailable`."""
    demand = new_demand()
    try:
        address = _provider().address(demand)
    except ProviderAway as failure:
        raise Unavailable(str(failure)) from None
    until = (now() + VALID).timestamp()
    text = orjson.dumps([*astuple(demand), place, until]).decode()
    return Departure(address, cipher.current().encrypt(text, _CONTEXT))


def place_of(cookie: str) -> str:
    """Return where somebody wanted to go, as far as the cookie tells."""
    journey = _opened(cookie)
    return HOME if journey is None else journey.place


def claims_of(cookie: str, answer: Mapping[str, str]) -> dict[str, Any]:
    """Return what the provider says of whoever comes back with this answer in the address.

    Raises :class:`SignInRefused`. It makes its own unit of work: what has come back is spent,
    however it ends.
    """
    provider, journey = _provider(), _opened(cookie)
    if journey is None:
        raise SignInRefused("provider_stale", "no sign-in of this browser is under way")
    if not hmac.compare_digest(_bytes(answer.get("state", "")), _bytes(journey.demand.state)):
        raise SignInRefused("provider_stale", "wrong state")
    _spend(journey.demand.state)
    _refuse_errors(answer, provider.issuer)
    try:
        return provider.claims(answer["code"], journey.demand)
    except ProviderAway as failure:
        raise SignInRefused("provider_away", str(failure)) from None
    except ProviderFailed as failure:
        raise SignInRefused("provider_failed", str(failure)) from None


def forget_spent(session: Session) -> None:
    """Delete what could not come back any more."""
    session.execute(sa.delete(SpentState).where(SpentState.spent_at < now() - 2 * VALID))


def _provider() -> Provider:
    if _ours is None:
        raise NotFound("there is no identity provider (OIDC_ISSUER)")
    return _ours.provider


def _opened(cookie: str) -> Journey | None:
    """Return the sign-in that a cookie is of, if it is ours and not too old."""
    if len(cookie) > _LONGEST:
        return None
    try:
        opened = cipher.current().decrypt(cookie, _CONTEXT)
    except cipher.KeyMissing:
        return None
    *demand, place, until = orjson.loads(opened)
    return Journey(Demand(*demand), place) if until > now().timestamp() else None


def _spend(state: str) -> None:
    row = SpentState(id=hashlib.sha256(state.encode()).hexdigest()[:32], spent_at=now())
    try:
        with transaction() as session:
            session.add(row)
    except IntegrityError:
        raise SignInRefused("provider_stale", "the state was used before") from None


def _refuse_errors(answer: Mapping[str, str], issuer: str) -> None:
    """Raise :class:`SignInRefused` unless the provider has sent a code (RFC 9207 for ``iss``)."""
    error = answer.get("error")
    if error is not None:
        text = _ERRORS.get(error, "provider_failed")
        raise SignInRefused(text, f"the provider answers: {shorten(error, 50)}")
    if answer.get("iss", issuer) != issuer:
        raise SignInRefused("provider_failed", "the answer is of another provider")
    if not 0 < len(answer.get("code", "")) <= _LONGEST_CODE:
        raise SignInRefused("provider_failed", "the provider has sent no code")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")
