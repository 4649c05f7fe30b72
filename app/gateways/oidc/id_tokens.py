"""ID tokens (OpenID Connect Core 1.0, section 3.1.3.7), checked before a word of them is believed.

Only asymmetric signatures count, and only with keys that the provider publishes: what a header says
of keys other than a name is never followed (RFC 8725, section 3).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlib.oidc.core import CodeIDToken
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from app.domain.clock import now
from app.domain.people.identity import clean_subject
from app.domain.texts import json_text
from app.gateways.oidc.kept import ProviderFailed

Key = RSAKey | ECKey | OKPKey

#: What may sign, and by keys of which type.
ALGORITHMS: Final = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
#: The clocks of provider and server may differ by so much (seconds).
LEEWAY: Final = 60
_MOST_KEYS: Final = 50
_LONGEST: Final = 64 * 1024
_LEAST_RSA_BITS: Final = 2048  # RFC 7518, section 3.3
_CURVES: Final = frozenset({"P-256", "Ed25519"})
_TIMES: Final = ("exp", "iat", "nbf", "auth_time")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a token must say."""

    issuer: str
    client_id: str
    nonce: str


@dataclass(frozen=True, slots=True)
class Keys:
    """Where the keys come from: those that are known, and those that there are now."""

    known: Callable[[], Sequence[Key]]
    newest: Callable[[], Sequence[Key]]


class _Registry(JWSRegistry):
    """Takes headers with what we do not know, and EdDSA by the name that is usual."""

    max_header_length = 4096

    def get_alg(self, name: str) -> Any:
        """Return an algorithm of those allowed."""
        if name not in ALGORITHMS:
            raise ProviderFailed("the ID token is not signed by an algorithm that is allowed")
        return self.algorithms[name]


_REGISTRY: Final = _Registry(algorithms=[*ALGORITHMS], strict_check_header=False)


def read_keys(document: Mapping[str, Any]) -> list[Key]:
    """Return those keys of a JWKS document that may sign ID tokens."""
    entries = document.get("keys")
    given = entries[:_MOST_KEYS] if isinstance(entries, list) else []
    return [key for entry in given if (key := _key(entry)) is not None]


def check(token: str, keys: Keys, rules: Rules) -> dict[str, Any]:
    """Return what a token says, if all of it is right. Raises :class:`ProviderFailed`."""
    try:
        header = _header(token)
        signed = _verified(token, _candidates(header, keys))
        claims = json_text.read(signed)
        _check_claims(claims, header, rules)
    except (JoseError, json_text.UnreadableError, TypeError, ValueError, OverflowError) as error:
        reason = getattr(error, "error", "") or type(error).__name__
        said = getattr(error, "claim", "")
        raise ProviderFailed(f"the ID token is not valid: {reason} {said}".rstrip()) from None
    return dict(claims)


def _header(token: str) -> dict[str, Any]:
    if len(token) > _LONGEST:
        raise ProviderFailed("the ID token is too long")
    header: dict[str, Any] = jws.extract_compact(token.encode(), registry=_REGISTRY).headers()
    if header.get("alg") not in ALGORITHMS:
        raise ProviderFailed("the ID token is not signed by an algorithm that is allowed")
    if "crit" in header:
        raise ProviderFailed("the ID token asks for what we do not know (crit)")
    return header


def _candidates(header: Mapping[str, Any], keys: Keys) -> Sequence[Key]:
    """Return the keys that may have signed; the provider is asked anew if there are none."""
    found = _fitting(header, keys.known()) or _fitting(header, keys.newest())
    if not found:
        raise ProviderFailed("the ID token is signed with a key that the provider does not publish")
    return found


def _fitting(header: Mapping[str, Any], keys: Iterable[Key]) -> list[Key]:
    algorithm, kid = header["alg"], header.get("kid")
    return [
        key
        for key in keys
        if key.key_type == ALGORITHMS[algorithm]
        and key.get("alg") in {None, algorithm}
        and (kid is None or key.get("kid") == kid)
    ]


def _verified(token: str, candidates: Iterable[Key]) -> bytes:
    """Return what was signed with one of these keys."""
    for key in candidates:
        try:
            return jws.deserialize_compact(token, key, registry=_REGISTRY).payload
        except JoseError:
            continue
    raise ProviderFailed("the signature of the ID token is wrong")


def _check_claims(claims: Any, header: dict[str, Any], rules: Rules) -> None:
    if not isinstance(claims, dict):
        raise ProviderFailed("the ID token is not an object")
    if any(isinstance(claims.get(name, 0), str | bool) for name in _TIMES):
        raise ProviderFailed("a time in the ID token is not a number")
    options = {
        "iss": {"essential": True, "value": rules.issuer},
        "aud": {"essential": True, "value": rules.client_id},
    }
    params = {"client_id": rules.client_id, "nonce": rules.nonce}
    CodeIDToken(claims, header, options, params).validate(int(now().timestamp()), LEEWAY)
    if not isinstance(claims["iss"], str) or not isinstance(claims["sub"], str):
        raise ProviderFailed("the ID token names nobody")
    clean_subject(claims["sub"])


def _key(entry: object) -> Key | None:
    """Return a public key that we may use; keys of other kinds and uses are none of ours."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    bits = len(str(entry.get("n", ""))) * 6
    is_usable = bits >= _LEAST_RSA_BITS or entry.get("crv") in _CURVES
    if entry.get("kty") not in ALGORITHMS.values() or "d" in entry or not is_usable:
        return None
    try:
        key = JWKRegistry.import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key if isinstance(key, RSAKey | ECKey | OKPKey) else None
