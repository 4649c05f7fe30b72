"""Sessions: each sign-in is one. It lives by a refresh token that changes with each use.

Whoever uses a refresh token a second time has copied it, or was copied from: nobody can tell which,
so the session ends for both (RFC 9700, section 4.14.2).
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import InvalidToken, NotFound, shorten
from app.domain.ids import new_id, normalise_id
from app.domain.people import refresh_tokens as form
from app.gateways import tokens
from app.models import User, UserSession
from app.services import access, audit, installation
from app.services.audit.notes import DENIED, FAILED
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.settings import Settings

LISTING = Listing(
    UserSession.id, {"created_at": Order(UserSession.created_at)}, "created_at", "desc"
)
#: A person has at most so many at a time; a further one ends the one that was used least lately.
MOST: Final = 100
_LONGEST_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class _Lifetimes:
    access: timedelta = timedelta(minutes=15)
    idle: timedelta = timedelta(days=14)
    longest: timedelta = timedelta(days=90)


_lifetimes = _Lifetimes()


def configure(settings: Settings) -> None:
    """Give this process the lifetimes of tokens."""
    global _lifetimes  # noqa: PLW0603 - fixed at the start of the process
    _lifetimes = _Lifetimes(
        timedelta(seconds=settings.access_token_seconds),
        timedelta(days=settings.session_idle_days),
        timedelta(days=settings.session_max_days),
    )


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a person who has signed in is given; the tokens themselves are kept nowhere."""

    session_id: str
    user_id: str
    access: str = field(repr=False)
    access_expires_at: datetime
    refresh: str = field(repr=False)
    refresh_expires_at: datetime

    @property
    def access_seconds(self) -> int:
        """Return for how long the access token is valid from now."""
        return _seconds_to(self.access_expires_at)

    @property
    def refresh_seconds(self) -> int:
        """Return for how long the refresh token is valid from now."""
        return _seconds_to(self.refresh_expires_at)


def open_session(
    session: Session,
    user: User,
    address: str | None,
    agent: str | None,
    how: str = "password",
) -> Tokens:
    """Begin a session of somebody who has shown to be this person; it is in the audit log.

    ``how`` the person has shown it: ``password``, ``oidc``, ``setup``.
    """
    moment = now()
    row = UserSession(
        id=new_id(),
        user_id=user.id,
        refresh_hash="",
        address=address or None,
        agent=shorten(agent, _LONGEST_AGENT) if agent else None,
        created_at=moment,
        used_at=moment,
        expires_at=min(moment + _lifetimes.idle, moment + _lifetimes.longest),
    )
    token = form.new_token(row.id)
    row.refresh_hash = form.hash_of(token)
    session.add(row)
    user.last_login_at = moment
    session.flush()
    _end_beyond_most(session, user.id)
    detail = {"how": how, "session_id": row.id}
    audit.note(session, "auth.login", _target(user), detail, deed=_deed(user, address))
    return _tokens(session, row, token)


def refresh(session: Session, token: str, address: str | None) -> Tokens | InvalidToken:
    """Return new tokens in the place of a refresh token, or why there are none.

    The refusal is returned, not raised: what it has to leave behind must be committed.
    """
    row = _named_by(session, token)
    if row is None:
        return InvalidToken("invalid refresh token")
    user = session.get_one(User, row.user_id)
    moment, fresh = now(), form.new_token(row.id)
    if is_over(row) or not user.is_active or user.deleted_at is not None:
        return _refused(session, row, user, address)
    if not _replace(session, row, (form.hash_of(token), form.hash_of(fresh)), moment):
        session.refresh(row)
        return (_refused if is_over(row) else _reused)(session, row, user, address)
    session.refresh(row)
    return _tokens(session, row, fresh)


def held_by(session: Session, token: str) -> str | None:
    """Return the id of the session whose refresh token this is, at present."""
    row = _named_by(session, token)
    is_its = row is not None and hmac.compare_digest(row.refresh_hash, form.hash_of(token))
    return row.id if row is not None and is_its else None


def sign_out(session: Session, session_id: str, address: str | None) -> int:
    """End a session at the wish of its person; return how many have ended."""
    row = session.get_one(UserSession, session_id)
    if not close(session, session_id, "signed out"):
        return 0
    user = session.get_one(User, row.user_id)
    detail = {"session_id": session_id}
    audit.note(session, "auth.logout", _target(user), detail, deed=_deed(user, address))
    return 1


def sign_out_everywhere(session: Session, user_id: str, address: str | None) -> int:
    """End all sessions of a person at his wish; return how many have ended."""
    user = session.get_one(User, user_id)
    count = close_all(session, [user_id], "signed out everywhere")
    detail = {"sessions": count}
    audit.note(session, "auth.logout", _target(user), detail, deed=_deed(user, address))
    return count


def is_over(row: UserSession) -> bool:
    """Return whether a session has ended."""
    return row.revoked_at is not None or row.expires_at <= now()


def close(session: Session, session_id: str, reason: str) -> bool:
    """End a session; in all processes it holds within a second. Return whether it was open."""
    return bool(_end(session, UserSession.id == session_id, reason))


def close_of(session: Session, user_id: str, session_id: str, reason: str) -> None:
    """End a session of this person. Raises :class:`NotFound` also if it is somebody else's."""
    known = normalise_id(session_id)
    row = session.get(UserSession, known) if known else None
    if row is None or row.user_id != user_id:
        raise NotFound("session not found")
    close(session, row.id, reason)


def close_all(
    session: Session, user_ids: Iterable[str], reason: str, but: str | None = None
) -> int:
    """End all sessions of people, but for this one; return how many there were."""
    rule = UserSession.user_id.in_([*user_ids])
    return len(_end(session, rule if but is None else rule & (UserSession.id != but), reason))


def page(
    session: Session, user_id: str, wanted: Wanted, current: str | None = None
) -> Page[dict[str, Any]]:
    """Return a page of the sessions of a person that are open, the newest first."""
    open_ones = (UserSession.user_id == user_id, *_is_open())
    ids, cursor = LISTING.ids(session, Scope(where=open_ones), wanted)
    query = sa.select(UserSession).where(UserSession.id.in_(ids))
    found = {row.id: row for row in session.scalars(query)}
    rows = [wire(found[row_id], current) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(UserSession.id).where(*open_ones))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def wire(row: UserSession, current: str | None = None) -> dict[str, Any]:
    """Return a session as it goes on the wire."""
    return {
        "id": row.id,
        "address": row.address,
        "agent": row.agent,
        "created_at": row.created_at,
        "used_at": row.used_at,
        "expires_at": row.expires_at,
        "is_current": row.id == current,
    }


def _named_by(session: Session, token: str) -> UserSession | None:
    """Return the session that a refresh token names, whether or not the token is still good."""
    session_id = form.session_of(token)
    return None if session_id is None else session.get(UserSession, session_id)


def _tokens(session: Session, row: UserSession, token: str) -> Tokens:
    until = min(now() + _lifetimes.access, row.expires_at)
    claims = tokens.Claims(row.user_id, row.id, until)
    made = tokens.make(claims, installation.installation_id(session))
    return Tokens(row.id, row.user_id, made, until, token, row.expires_at)


def _replace(session: Session, row: UserSession, hashes: tuple[str, str], moment: datetime) -> bool:
    """Put a new hash in the place of the old one, if that is still there."""
    until = min(moment + _lifetimes.idle, row.created_at + _lifetimes.longest)
    old, new = hashes
    done = session.execute(
        sa.update(UserSession)
        .where(UserSession.id == row.id, UserSession.refresh_hash == old, *_is_open())
        .values(refresh_hash=new, used_at=moment, expires_at=until)
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


def _reused(session: Session, row: UserSession, user: User, address: str | None) -> InvalidToken:
    if close(session, row.id, "its refresh token was used twice"):
        detail, deed = {"session_id": row.id}, _deed(user, address)
        audit.note(session, "auth.token_reused", _target(user), detail, DENIED, deed)
    return InvalidToken("this refresh token was used before; its session is revoked")


def _refused(session: Session, row: UserSession, user: User, address: str | None) -> InvalidToken:
    is_late = row.revoked_at is None and row.expires_at <= now()
    word = "expired" if is_late else "revoked"
    detail = {"session_id": row.id, "reason": word}
    audit.note(session, "auth.refresh", _target(user), detail, FAILED, _deed(user, address))
    return InvalidToken(f"the session is {word}; sign in again")


def _end(session: Session, rule: sa.ColumnElement[bool], reason: str) -> Sequence[str]:
    ended = session.scalars(
        sa.update(UserSession)
        .where(rule, UserSession.revoked_at.is_(None))
        .values(revoked_at=now(), revoked_reason=reason)
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    ).all()
    if ended:
        access.changed(session)
    return ended


def _end_beyond_most(session: Session, user_id: str) -> None:
    surplus = session.scalars(
        sa.select(UserSession.id)
        .where(UserSession.user_id == user_id, *_is_open())
        .order_by(UserSession.used_at.desc(), UserSession.id.desc())
        .offset(MOST)
    ).all()
    if surplus:
        _end(session, UserSession.id.in_(surplus), "too many sessions")


def _is_open() -> tuple[sa.ColumnElement[bool], ...]:
    return UserSession.revoked_at.is_(None), UserSession.expires_at > now()


def _target(user: User) -> tuple[str, str, str | None]:
    return "user", user.id, user.username


def _deed(user: User, address: str | None) -> audit.Deed:
    return audit.Deed(f"user:{user.username}", user.id, address=address or None)


def _seconds_to(moment: datetime) -> int:
    return max(0, int((moment - now()).total_seconds()))
