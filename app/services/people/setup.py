"""The first run: the first user is an admin, made once and by nobody else.

Whoever can read the log of the server may make it, from elsewhere by showing what stands there.
"""

import hmac
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Conflict, Forbidden
from app.gateways import cipher
from app.models import User
from app.services import access
from app.services.people import bounds, roles, sessions, users
from app.services.people.credentials import NewPassword
from app.services.people.sessions import Tokens
from app.services.people.signing_in import Visitor

#: Half of what is derived is more than anybody guesses.
_DIGITS: Final = 40
ACTOR: Final = "setup"


def is_needed(session: Session) -> bool:
    """Return whether there has never been a user."""
    return session.scalar(sa.select(User.id).limit(1)) is None


def token() -> str:
    """Return what must be shown to make the first user; all processes know the same."""
    return cipher.current().derive("setup").hex()[:_DIGITS]


def check_token(given: str | None) -> None:
    """Raise :class:`Forbidden` unless this is the token."""
    if given is None or not hmac.compare_digest(given.strip().encode(), token().encode()):
        raise Forbidden(
            "the token of the first run is needed; the log of the server shows it",
            {"reason": "wrong_setup_token" if given else "setup_token_required"},
        )


def refuse_if_done(session: Session) -> None:
    """Raise :class:`Conflict` if there has been a user."""
    if not is_needed(session):
        raise Conflict("the first user was made already", {"reason": "already_initialised"})


def make_admin(
    session: Session, values: Mapping[str, Any], password: NewPassword, visitor: Visitor | None
) -> tuple[User, Tokens | None]:
    """Make the first user, and sign a visitor in. Raises :class:`Conflict` unless it is the first.

    Without a visitor nobody is signed in.
    """
    access.changed(session)  # of all who try at once, one has this row first
    refuse_if_done(session)
    held = roles.named(session, [bounds.ADMIN], "roles")
    user = users.add(session, values, password, held, ACTOR)
    if visitor is None:
        return user, None
    return user, sessions.open_session(session, user, visitor.address, visitor.agent, "setup")
