"""Signing in with a password.

Whoever fails learns nothing: a wrong password, an unknown name, a person who is disabled or has no
password get one answer, after the same work.
"""

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import Conflict, Fault, Invalid, InvalidCredentials, invalid
from app.domain.people.passwords import check_password
from app.gateways import passwords
from app.models import User
from app.services import access, audit
from app.services.audit.notes import DONE, FAILED
from app.services.people import sessions, tries
from app.services.people.credentials import refuse_external
from app.services.people.sessions import Tokens
from app.services.people.tries import Try


class SamePassword(Invalid):
    """The new password is the old one."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Where somebody comes from, and what the browser or program calls itself."""

    address: str
    agent: str | None = None


def recognised(username: str, password: str, visitor: Visitor) -> User:
    """Return who this is. Raises :class:`InvalidCredentials` or :class:`RateLimited`.

    It makes its own units of work: nothing is locked while the password is checked.
    """
    name = username.strip().lower()
    with reading() as session:
        user = session.scalar(sa.select(User).where(User.username == name))
    one = Try(name, visitor.address, user.id if user else None)
    stored = user.password_hash if user and may_enter(user) else None
    is_right = tries.counted(one, lambda: passwords.is_right(password, stored))
    if user is not None and is_right:
        return user
    with transaction() as session:
        _note_failure(session, user, visitor)
    raise InvalidCredentials


def enter(session: Session, user: User, visitor: Visitor) -> Tokens:
    """Open a session for somebody who was recognised, unless he has been changed since."""
    present = session.get(User, user.id, with_for_update=True)
    if present is None or not may_enter(present) or present.password_hash != user.password_hash:
        raise InvalidCredentials
    return sessions.open_session(session, present, visitor.address, visitor.agent)


def change_password(user_id: str, current: str, new: str, visitor: Visitor) -> User:
    """Give somebody who shows the present password a new one, and return him.

    All his sessions end. Raises :class:`Invalid`, :class:`RateLimited` or :class:`Conflict`; it
    makes its own units of work.
    """
    with reading() as session:
        user = session.get_one(User, user_id)
    refuse_external(user)
    one = Try(user.username, visitor.address, user.id)
    if not tries.counted(one, lambda: passwords.is_right(current, user.password_hash)):
        with transaction() as session:
            _note_change(session, user, visitor, "wrong password")
        raise invalid("current_password", "is not your password")
    return replace_password(user, new, visitor)


def replace_password(user: User, new: str, visitor: Visitor) -> User:
    """Give somebody who was recognised just now a new password. Raises :class:`Invalid`."""
    check_new(user, new)
    made = passwords.hash_of(new)
    with transaction() as session:
        access.changed(session)  # locked before people by whoever changes them
        present = session.get_one(User, user.id, with_for_update=True)
        if present.password_hash != user.password_hash or not may_enter(present):
            raise Conflict("the password was changed meanwhile; sign in again")
        present.password_hash, present.must_change_password = made, False
        present.updated_at = now()
        sessions.close_all(session, [user.id], "password_changed")
        _note_change(session, present, visitor)
    return present


def check_new(user: User, new: str) -> None:
    """Raise :class:`Invalid` unless somebody may have this as a new password."""
    try:
        check_password(new, [user.username, user.email or ""])
    except ValueError as error:
        raise invalid("new_password", str(error)) from None
    if passwords.is_right(new, user.password_hash):
        raise SamePassword([Fault("new_password", "must be another one than before")])


def fingerprint(user: User) -> str:
    """Return what tells whether the password is still the one it was."""
    return hashlib.sha256((user.password_hash or "").encode()).hexdigest()


def may_enter(user: User) -> bool:
    """Return whether somebody is neither disabled nor deleted."""
    return user.is_active and user.deleted_at is None


def _note_failure(session: Session, user: User | None, visitor: Visitor) -> None:
    """Add a failure to the audit log; a name that nobody has is not kept, it may be a password."""
    if user is None:
        reason = "unknown user"
    elif not may_enter(user):
        reason = "disabled user"
    else:
        reason = "wrong password" if user.password_hash else "user without password"
    target = None if user is None else ("user", user.id, user.username)
    deed = audit.Deed("anonymous", address=visitor.address or None)
    audit.note(session, "auth.login", target, {"reason": reason}, FAILED, deed)


def _note_change(session: Session, user: User, visitor: Visitor, reason: str = "") -> None:
    deed = audit.Deed(f"user:{user.username}", user.id, address=visitor.address or None)
    target, result = ("user", user.id, user.username), FAILED if reason else DONE
    detail = {"reason": reason} if reason else None
    audit.note(session, "auth.password_changed", target, detail, result, deed)
