"""Passwords that somebody is to have: checked and hashed before a unit of work begins.

Hashing takes a quarter of a second; a transaction would keep others waiting for so long.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from app.domain.errors import Conflict, invalid
from app.domain.people import passwords as form
from app.gateways import passwords
from app.models import User


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password, hashed."""

    hash: str = field(repr=False)
    #: The password itself, if it was made here: nobody else knows it.
    shown: str | None = field(default=None, repr=False)


def new_password(given: object, context: Iterable[str | None], name: str) -> NewPassword:
    """Return a password by which a person may sign in; one is made if none is given.

    ``context`` is what everybody may know of the person, ``name`` the field it was given in.
    Raises :class:`Invalid`, which never shows the password.
    """
    if given is None:
        made = form.new_password()
        return NewPassword(passwords.hash_of(made), made)
    if not isinstance(given, str):
        raise invalid(name, "must be a text")
    try:
        form.check_password(given, [text for text in context if text])
    except ValueError as error:
        raise invalid(name, str(error)) from None
    return NewPassword(passwords.hash_of(given))


def refuse_external(user: User) -> None:
    """Raise :class:`Conflict` for a person of the identity provider, who has no password."""
    if user.issuer is not None:
        text = "this user signs in through the identity provider and has no password here"
        raise Conflict(text, {"reason": "external_user"})
