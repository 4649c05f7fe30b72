"""Access tokens: signed, short-lived, read by the strictest of rules.

They are JWT (RFC 7519) with HS256 and a key of this installation alone. What a header says of keys
is never followed (RFC 8725, section 3): one that says more than our own is refused as a whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import OctKey

from app.domain.clock import now
from app.gateways import cipher

AUDIENCE: Final = "oneoff"
_ALGORITHM: Final = "HS256"
_HEADER: Final = {"alg": _ALGORITHM, "typ": "JWT"}
_PURPOSE: Final = "access token"
#: Ours are half as long; nothing longer is looked at.
_LONGEST: Final = 1024
#: The clocks of two machines of one installation may differ by so much.
_SKEW: Final = timedelta(seconds=5)


class BadToken(Exception):
    """Not a token of this installation."""


class ExpiredToken(BadToken):
    """A token of this installation whose time is over."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What an access token says."""

    user_id: str
    session_id: str
    expires_at: datetime


def make(claims: Claims, issuer: str) -> str:
    """Return the token that says this."""
    moment = int((now() - _SKEW).timestamp())
    body = {
        "iss": issuer,
        "aud": AUDIENCE,
        "sub": claims.user_id,
        "sid": claims.session_id,
        "iat": moment,
        "nbf": moment,
        "exp": int(claims.expires_at.timestamp()),
    }
    return jwt.encode(_HEADER, body, _key(), algorithms=[_ALGORITHM])


def resembles_one(text: str) -> bool:
    """Return whether a text may be a token, and is no key."""
    return text.count(".") == 2 and len(text) <= _LONGEST


def read(token: str, issuer: str) -> Claims:
    """Return what a token says. Raises :class:`ExpiredToken`, or :class:`BadToken`."""
    try:
        found = jwt.decode(token, _key(), algorithms=[_ALGORITHM])
        if found.header != _HEADER:
            raise BadToken
        _rules(issuer).validate(found.claims)
        return _claims(found.claims)
    except ExpiredTokenError:
        raise ExpiredToken from None
    except (JoseError, ValueError, TypeError, OverflowError):
        raise BadToken from None


def _rules(issuer: str) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        now=lambda: int(now().timestamp()),
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": AUDIENCE},
        sub={"essential": True},
        sid={"essential": True},
        iat={"essential": True},
        nbf={"essential": True},
        exp={"essential": True},
    )


def _claims(body: Mapping[str, Any]) -> Claims:
    session_id = body["sid"]
    if not isinstance(session_id, str) or body["aud"] != AUDIENCE:
        raise BadToken
    return Claims(body["sub"], session_id, datetime.fromtimestamp(body["exp"], UTC))


def _key() -> OctKey:
    return OctKey.import_key(cipher.current().derive(_PURPOSE))
