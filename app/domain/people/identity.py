"""What an identity provider says of a person, read by the rules of the operator."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from app.domain.people.accounts import clean_email, clean_username
from app.domain.web_address import check_url

#: OpenID Connect Core 1.0, section 2: a subject has at most 255 ASCII characters.
LONGEST_SUBJECT: Final = 255
LONGEST_ISSUER: Final = 500
#: More roles than this of one person are not looked at.
MOST_ROLES: Final = 1000
_STRANGE: Final = re.compile(r"[^a-z0-9._-]+")

RoleMap = tuple[tuple[str, str], ...]


def is_secure(url: str) -> bool:
    """Return whether nobody on the way reads what is sent there: https, or on this machine."""
    try:
        to = check_url(url)
    except ValueError:
        return False
    is_here = to.host == "localhost" or (to.address is not None and to.address.is_loopback)
    return to.scheme == "https" or is_here


def clean_issuer(text: str) -> str:
    """Return the address of a provider as it was given: it must be what its tokens say.

    Raises :class:`ValueError`.
    """
    if len(text) > LONGEST_ISSUER or not is_secure(text) or "?" in text or "#" in text:
        raise ValueError("must be an https:// address without query (http:// only for localhost)")
    return text


def clean_base(text: str) -> str:
    """Return the address that people know us by, without a slash at its end.

    Raises :class:`ValueError`.
    """
    base = text.rstrip("/")
    try:
        to = check_url(base)
    except ValueError as error:
        raise ValueError(f"must be an address such as https://jobs.example.com: {error}") from None
    if to.target != "/" or "#" in base:
        raise ValueError("must be an address without a path, such as https://jobs.example.com")
    return base


def clean_subject(text: str) -> str:
    """Return what a provider calls a person. Raises :class:`ValueError`."""
    if not text or len(text) > LONGEST_SUBJECT or not text.isprintable():
        raise ValueError(f"must have 1 to {LONGEST_SUBJECT} printable characters")
    return text


def parse_role_map(text: str) -> RoleMap:
    """Read ``role-of-the-provider=our-role, …``; a role may stand there several times.

    Raises :class:`ValueError` with a sentence that names the entry that can't be read.
    """
    return tuple(_pair(entry.strip()) for entry in text.split(",") if entry.strip())


def roles_in(claims: Mapping[str, Any], path: str) -> frozenset[str]:
    """Return the roles that a token names under a dotted path, such as ``realm_access.roles``.

    A name on the way may have dots in it: ``resource_access.my.client.roles``.
    """
    names: set[str] = set()
    for value in _at(claims, path):
        given = value[:MOST_ROLES] if isinstance(value, list) else [value]
        names.update(name for name in given if isinstance(name, str))
    return frozenset(names)


def mapped(given: Iterable[str], rules: RoleMap) -> tuple[str, ...]:
    """Return our roles for those of the provider; one that no rule names gives nothing."""
    theirs = frozenset(given)
    return tuple(dict.fromkeys(our for their, our in rules if their in theirs))


def username_of(claims: Mapping[str, Any]) -> str:
    """Return the username for a person: in our form, of an e-mail address what precedes the @.

    Raises :class:`ValueError` if the token has no name that could be one.
    """
    for name in ("preferred_username", "email"):
        text = claims.get(name)
        if isinstance(text, str) and text.strip():
            return clean_username(_plain(text[:LONGEST_SUBJECT]))
    raise ValueError("the provider tells neither preferred_username nor email")


def email_of(claims: Mapping[str, Any]) -> str | None:
    """Return the address of a person, unless it is none or the provider doubts it."""
    text = claims.get("email")
    if not isinstance(text, str) or claims.get("email_verified") is False:
        return None
    try:
        return clean_email(text)
    except ValueError:
        return None


def _pair(entry: str) -> tuple[str, str]:
    their, _, our = (part.strip() for part in entry.rpartition("="))
    if not their or not our:
        raise ValueError(f"{entry!r} is not of the form role-of-the-provider=role")
    return their, our


def _at(value: object, path: str) -> Iterator[object]:
    if not isinstance(value, Mapping):
        return
    if path in value:
        yield value[path]
    for place, sign in enumerate(path):
        if sign == ".":
            yield from _at(value.get(path[:place]), path[place + 1 :])


def _plain(text: str) -> str:
    """Return a name without what a username can't have: accents, and all after an @."""
    parts = unicodedata.normalize("NFKD", text.strip().partition("@")[0]).lower()
    bare = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return _STRANGE.sub("-", bare.replace("đ", "d")).strip("-")
