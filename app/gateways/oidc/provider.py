"""One provider: where it is found, what it is asked, and whom it says that somebody is."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from app.domain.errors import shorten
from app.domain.people.identity import is_secure
from app.domain.texts import json_text
from app.gateways.http import Answer, CallFailed, Door
from app.gateways.oidc import id_tokens
from app.gateways.oidc.kept import Kept, ProviderAway, ProviderFailed

_WELL_KNOWN: Final = "/.well-known/openid-configuration"
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
#: Answers are no longer (bytes).
_MOST: Final = 512 * 1024
_OK: Final = 200


@dataclass(frozen=True, slots=True)
class Registration:
    """Who the provider is, and who we are there."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Demand:
    """What one sign-in is known by: made by us, and shown to nobody but browser and provider."""

    state: str
    nonce: str
    verifier: str = field(repr=False)


def new_demand() -> Demand:
    """Return what begins a sign-in (the verifier by RFC 7636, section 4.1)."""
    return Demand(*(secrets.token_urlsafe(32) for _ in range(3)))


class Provider:
    """The provider as one process knows it; safe to use from several threads."""

    def __init__(self, registration: Registration, door: Door) -> None:
        self.issuer = registration.issuer
        self._us, self._door = registration, door
        self._metadata = Kept(self._ask_metadata)
        self._keys = Kept(self._ask_keys)

    def address(self, demand: Demand) -> str:
        """Return where to send a browser for a sign-in. Raises :class:`ProviderAway`."""
        params = {
            "response_type": "code",
            "client_id": self._us.client_id,
            "redirect_uri": self._us.redirect_uri,
            "scope": self._us.scopes,
            "state": demand.state,
            "nonce": demand.nonce,
            "code_challenge": create_s256_code_challenge(demand.verifier),
            "code_challenge_method": "S256",
        }
        endpoint = self._metadata.get()["authorization_endpoint"]
        return str(add_params_to_uri(endpoint, params.items()))

    def claims(self, code: str, demand: Demand) -> dict[str, Any]:
        """Return what the provider says of the person it has sent back with this code.

        Raises :class:`ProviderFailed`.
        """
        token = self._exchange(code, demand.verifier).get("id_token")
        if not isinstance(token, str):
            raise ProviderFailed("the provider has answered without an ID token")
        keys = id_tokens.Keys(self._keys.get, self._keys.again)
        rules = id_tokens.Rules(self.issuer, self._us.client_id, demand.nonce)
        return id_tokens.check(token, keys, rules)

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        metadata = self._metadata.get()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._us.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        form, headers = self._signed(metadata, form, headers)
        answer = self._asked(metadata["token_endpoint"], headers, urlencode(form).encode())
        if answer.status >= 500:
            raise ProviderAway(f"the provider has answered with {answer.status}")
        body = _object(answer)
        if answer.status != _OK:
            said = shorten(str(body.get("error", "no reason")), 50)
            raise ProviderFailed(f"the provider refuses the code ({answer.status}): {said}")
        return body

    def _signed(
        self, metadata: Mapping[str, Any], form: dict[str, str], headers: dict[str, str]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Add who we are (RFC 6749, section 2.3.1): in the header, unless the provider can't."""
        us = self._us
        if not us.client_secret:
            return form | {"client_id": us.client_id}, headers
        ways = metadata.get("token_endpoint_auth_methods_supported")
        if isinstance(ways, list) and "client_secret_basic" not in ways:
            return form | {"client_id": us.client_id, "client_secret": us.client_secret}, headers
        pair = f"{quote_plus(us.client_id)}:{quote_plus(us.client_secret)}"
        shown = base64.b64encode(pair.encode()).decode()
        return form, headers | {"Authorization": f"Basic {shown}"}

    def _ask_metadata(self) -> dict[str, Any]:
        found = self._document(self.issuer.rstrip("/") + _WELL_KNOWN)
        if found.get("issuer") != self.issuer:
            said = shorten(str(found.get("issuer")))
            raise ProviderAway(f"the provider calls itself {said!r}, and not as OIDC_ISSUER")
        for name in _ENDPOINTS:
            if not isinstance(found.get(name), str) or not is_secure(found[name]):
                raise ProviderAway(f"the provider's {name} is no https:// address")
        return found

    def _ask_keys(self) -> list[id_tokens.Key]:
        keys = id_tokens.read_keys(self._document(self._metadata.get()["jwks_uri"]))
        if not keys:
            raise ProviderAway("the provider publishes no key that may sign ID tokens")
        return keys

    def _document(self, url: str) -> dict[str, Any]:
        answer = self._asked(url, {})
        if answer.status != _OK:
            raise ProviderAway(f"the provider has answered with {answer.status}")
        return _object(answer)

    def _asked(self, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        try:
            return self._door.fetch(url, _MOST, {"Accept": "application/json", **headers}, body)
        except CallFailed as failure:
            raise ProviderAway(f"the provider can't be reached: {failure}") from None


def _object(answer: Answer) -> dict[str, Any]:
    try:
        found = json_text.read(answer.body)
    except json_text.UnreadableError:
        found = None
    if not isinstance(found, dict):
        raise ProviderAway("the provider has not answered with a JSON object")
    return found
