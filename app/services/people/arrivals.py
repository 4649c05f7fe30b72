"""People who come from the identity provider: found by what it calls them, never by a name.

A name or an e-mail address may be another person's at the provider; so nobody is taken for a user
of ours because of one.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.clock import now
from app.domain.people import identity
from app.domain.people.identity import RoleMap
from app.models import Role, User, user_roles
from app.services import access, audit
from app.services.audit.notes import FAILED
from app.services.people import bounds, identity_provider, links, sessions, users
from app.services.people.identity_provider import SignInRefused
from app.services.people.sessions import Tokens
from app.services.people.signing_in import Visitor, may_enter
from app.settings import Settings

log = logging.getLogger(__name__)

ACTOR = "oidc"


@dataclass(frozen=True, slots=True)
class Grants:
    """How roles of the provider become roles of ours."""

    claim: str
    rules: RoleMap
    default: str

    def names(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the roles that somebody is to have."""
        given = identity.mapped(identity.roles_in(claims, self.claim), self.rules)
        return given or ((self.default,) if self.default else ())


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody as the provider has described the person just now."""

    claims: Mapping[str, Any]
    grants: Grants
    visitor: Visitor

    @property
    def who(self) -> tuple[str, str]:
        """Return the issuer, and what it calls the person."""
        return self.claims["iss"], self.claims["sub"]

    @property
    def deed(self) -> audit.Deed:
        """Return whose deed it is when this changes a user."""
        return audit.Deed(ACTOR, address=self.visitor.address or None)


def enter(settings: Settings, cookie: str, answer: Mapping[str, str], visitor: Visitor) -> Tokens:
    """Open a session for whoever comes back from the provider, as the user that the person is.

    Raises :class:`SignInRefused`, which is in the audit log then. It makes its own units of work.
    """
    grants = Grants(settings.oidc_roles_claim, settings.oidc_role_map, settings.oidc_default_role)
    claims: Mapping[str, Any] = {}
    try:
        claims = identity_provider.claims_of(cookie, answer)
        with transaction() as session:
            outcome = _let_in(session, Arrival(claims, grants, visitor))
    except SignInRefused as refusal:
        outcome = refusal
    if not isinstance(outcome, SignInRefused):
        return outcome
    with transaction() as session:
        _note_refusal(session, claims, outcome, visitor)
    raise outcome


def _let_in(session: Session, one: Arrival) -> Tokens | SignInRefused:
    """Return tokens, or why there are none: the refusal must leave behind what it has changed."""
    user = links.find(session, *one.who)
    held = _roles(session, one.grants.names(one.claims))
    if user is None or _is_stale(session, user, one, held):
        access.changed(session)  # from here on nobody else changes people
        user = links.find(session, *one.who) or _made(session, one, held)
        _renew(session, user, one, held)
    present = session.get_one(User, user.id, with_for_update=True)
    refusal = _refusal(present, one, held)
    if refusal is not None:
        return refusal
    return sessions.open_session(session, present, one.visitor.address, one.visitor.agent, ACTOR)


def _refusal(user: User, one: Arrival, held: Sequence[Role]) -> SignInRefused | None:
    if not may_enter(user):
        return SignInRefused("disabled", "disabled user")
    if one.grants.rules and not held:
        return _no_role()
    return None


def _no_role() -> SignInRefused:
    return SignInRefused("no_role", "none of the roles at the provider is one here")


def _made(session: Session, one: Arrival, held: Sequence[Role]) -> User:
    """Add the user that somebody is who comes for the first time. Raises SignInRefused."""
    if not held:
        raise _no_role()
    try:
        name = identity.username_of(one.claims)
    except ValueError as error:
        raise SignInRefused("no_name", f"no username can be made: {error}") from None
    if session.scalar(sa.select(User.id).where(User.username == name)) is not None:
        raise SignInRefused("name_taken", f"another user is called {name}")
    user = users.add(session, {"username": name}, None, held, ACTOR)
    user.issuer, user.subject = one.who
    session.flush()
    detail = {"how": ACTOR, "roles": _names(held)}
    audit.note(session, "users.create_user", _target(user), detail, deed=one.deed)
    return user


def _is_stale(session: Session, user: User, one: Arrival, held: Sequence[Role]) -> bool:
    """Return whether a user is not as the provider says."""
    has_other = one.grants.rules and set(_held(session, user)) != set(held)
    return bool(has_other) or _new_email(session, user, one) is not None


def _renew(session: Session, user: User, one: Arrival, held: Sequence[Role]) -> None:
    """Have a user be as the provider says."""
    if not may_enter(user):
        return
    email = _new_email(session, user, one)
    if email is not None:
        user.email, user.updated_at = email, now()
    if one.grants.rules:
        _replace_roles(session, user, one, held)
    session.flush()


def _new_email(session: Session, user: User, one: Arrival) -> str | None:
    """Return the address that a user is to have, if that is another one and nobody else's."""
    email = identity.email_of(one.claims)
    if email is None or email == user.email:
        return None
    taken = sa.select(User.id).where(User.email == email, User.id != user.id).limit(1)
    return None if session.scalar(taken) is not None else email


def _replace_roles(session: Session, user: User, one: Arrival, held: Sequence[Role]) -> None:
    """Give a user these roles and no others; the last active admin stays one."""
    before = _held(session, user)
    if set(before) == set(held):
        return
    had_admin = bounds.has_admin(session)
    session.execute(sa.delete(user_roles).where(user_roles.c.user_id == user.id))
    users.give(session, user, held)
    after = [*held]
    if had_admin and not bounds.has_admin(session):
        kept = [role for role in before if role.id == bounds.ADMIN]
        users.give(session, user, kept)
        after += kept
    detail = {"how": ACTOR, "before": _names(before), "after": _names(after)}
    audit.note(session, "users.set_user_roles", _target(user), detail, deed=one.deed)
    user.updated_at = now()


def _roles(session: Session, names: Sequence[str]) -> list[Role]:
    """Return the roles of these names or ids; the operator hears of those that there are not."""
    either = sa.or_(Role.id.in_(names), Role.name.in_(names))
    found = list(session.scalars(sa.select(Role).where(either).order_by(Role.name)))
    known = {role.id for role in found} | {role.name for role in found}
    for name in names:
        if name not in known:
            log.warning("the identity provider's roles are mapped to %r, which is no role", name)
    return found


def _held(session: Session, user: User) -> list[Role]:
    mine = sa.select(user_roles.c.role_id).where(user_roles.c.user_id == user.id)
    return list(session.scalars(sa.select(Role).where(Role.id.in_(mine)).order_by(Role.name)))


def _names(held: Iterable[Role]) -> list[str]:
    return sorted({role.name for role in held})


def _note_refusal(
    session: Session, claims: Mapping[str, Any], refusal: SignInRefused, visitor: Visitor
) -> None:
    """Add a refusal to the audit log: what the provider calls the person is needed to link it."""
    who = {name: claims[key] for name, key in (("issuer", "iss"), ("subject", "sub")) if claims}
    detail = {"how": ACTOR, "reason": refusal.reason, **who}
    user = links.find(session, who["issuer"], who["subject"]) if who else None
    deed = audit.Deed("anonymous", address=visitor.address or None)
    audit.note(session, "auth.login", None if user is None else _target(user), detail, FAILED, deed)


def _target(user: User) -> tuple[str, str, str]:
    return "user", user.id, user.username
