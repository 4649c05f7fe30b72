"""What a request shows to say who sent it: a key or a token in a header, else a cookie."""

from dataclasses import dataclass
from typing import Final

from flask import request

from app.domain.errors import Unauthenticated

#: The access token of a person's browser.
ACCESS_COOKIE: Final = "oneoff_access"
_HEADERS: Final = frozenset({"authorization", "x-api-key"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A key or a token, and whether the browser sent it by itself."""

    text: str
    is_cookie: bool = False


def credential() -> Credential:
    """Return what a request shows. Raises :class:`Unauthenticated` if it shows nothing.

    A key or token in a header is what counts then: the browser adds cookies to anything.
    """
    given = request.headers.get("Authorization")
    scheme, _, key = (given or "").strip().partition(" ")
    if scheme.lower() != "bearer" and "X-API-Key" in request.headers:
        key = request.headers["X-API-Key"]
    elif scheme.lower() != "bearer" and cookie():
        return Credential(cookie(), is_cookie=True)
    elif given is None:
        raise Unauthenticated("missing Authorization header")
    elif scheme.lower() != "bearer":
        raise Unauthenticated("invalid Authorization header format; it is: Bearer KEY")
    if not key.strip():
        raise Unauthenticated("missing API key")
    return Credential(key.strip())


def in_header() -> bool:
    """Return whether a header that carries keys is there, whatever is in it."""
    return bool(_HEADERS & {name.lower() for name in request.headers.keys()})  # noqa: SIM118


def cookie() -> str:
    """Return the access token in the cookie, or nothing."""
    return request.cookies.get(ACCESS_COOKIE, "")
