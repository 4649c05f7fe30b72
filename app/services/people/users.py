"""Users: those who sign in, looked after by admins.

Whatever changes people calls :func:`access.changed` first. It takes the one row that all who do
so must have, so that what is checked afterwards still holds when it is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import Conflict, Forbidden, NotFound
from app.domain.ids import new_id, normalise_id
from app.models import ApiKey, Role, User, project_members, user_roles
from app.services import access
from app.services.access import Principal, rights
from app.services.people import bounds, links, roles, sessions
from app.services.people.credentials import NewPassword, refuse_external
from app.services.people.user_views import wire

#: What somebody is who was made without roles being named.
DEFAULT_ROLES: Final = ("user",)


def get(session: Session, user_id: str) -> User:
    """Return a user who is not deleted. Raises :class:`NotFound`."""
    known = normalise_id(user_id)
    user = session.get(User, known) if known else None
    if user is None or user.deleted_at is not None:
        raise NotFound("User not found")
    return user


def find(session: Session, username: str) -> User | None:
    """Return the user of this name, unless there is none or it is deleted."""
    query = sa.select(User).where(User.username == username, User.deleted_at.is_(None))
    return session.scalar(query)


def known_of(session: Session, user_id: str) -> tuple[str | None, ...]:
    """Return what everybody may know of a user, for checks of passwords."""
    user = get(session, user_id)
    return user.username, user.email


def create(
    session: Session, values: Mapping[str, Any], password: NewPassword, who: Principal
) -> dict[str, Any]:
    """Make a user, who must change the password at the first sign-in.

    Only this answer holds the password, if it was made here.
    """
    access.changed(session)
    bounds.refuse_bound(who)
    given = values.get("roles")
    if given:
        _refuse_unless_assigning(who)
    held = roles.named(session, DEFAULT_ROLES if given is None else given, "roles")
    _refuse_beyond(who, held)
    user = add(session, values, password, held, who.actor)
    user.must_change_password = True
    session.flush()
    shown = {} if password.shown is None else {"password": password.shown}
    return wire(session, user) | shown


def add(
    session: Session,
    values: Mapping[str, Any],
    password: NewPassword | None,
    held: Iterable[Role],
    actor: str,
) -> User:
    """Add the row of a user with these roles; who may do so was decided before.

    Raises :class:`Conflict` if the name or the address is taken.
    """
    _refuse_taken(session, values["username"], values.get("email"))
    user = User(
        id=new_id(),
        username=values["username"],
        email=values.get("email"),
        password_hash=None if password is None else password.hash,
        must_change_password=False,
        is_active=True,
        created_by=actor,
        created_at=now(),
        updated_at=now(),
    )
    session.add(user)
    session.flush()
    give(session, user, held)
    return user


def update(
    session: Session, user_id: str, values: Mapping[str, Any], who: Principal
) -> dict[str, Any]:
    """Change what is given of a user; whoever is disabled is signed out."""
    access.changed(session)
    user = _managed(session, user_id, who)
    with bounds.keeping_an_admin(session):
        if "email" in values:
            _refuse_taken(session, None, values["email"], user.id)
            user.email = values["email"]
        if "is_active" in values:
            _switch(session, user, who, is_active=values["is_active"])
        if "issuer" in values:
            links.change(session, user, values["issuer"], values["subject"])
        if "roles" in values:
            _assign(session, user, values["roles"], who)
        user.updated_at = now()
    return wire(session, user)


def set_roles(
    session: Session, user_id: str, words: Sequence[str], who: Principal
) -> dict[str, Any]:
    """Give a user these roles and no others; the user must sign in again."""
    return update(session, user_id, {"roles": words}, who)


def set_password(
    session: Session, user_id: str, password: NewPassword, who: Principal
) -> dict[str, Any]:
    """Give a user a password, which must be changed at the next sign-in."""
    access.changed(session)
    user = _managed(session, user_id, who)
    if user.id == who.user_id:
        raise Forbidden("your own password you change yourself, showing the one before")
    refuse_external(user)
    replace_password(session, user, password, must_change=True)
    shown = {} if password.shown is None else {"password": password.shown}
    return wire(session, user) | shown


def replace_password(
    session: Session, user: User, password: NewPassword, *, must_change: bool
) -> None:
    """Give a user another password and end all sign-ins; who may do so was decided before."""
    access.changed(session)
    user.password_hash, user.must_change_password = password.hash, must_change
    user.updated_at = now()
    sessions.close_all(session, [user.id], "password_changed")
    session.flush()


def delete(session: Session, user_id: str, who: Principal) -> None:
    """Delete a user: signed out, keys revoked; the name stays in history and is not given again."""
    access.changed(session)
    user = _managed(session, user_id, who)
    if user.id == who.user_id:
        raise Conflict("nobody can delete themselves", {"reason": "cannot_delete_self"})
    with bounds.keeping_an_admin(session):
        user.is_active, user.deleted_at, user.updated_at = False, now(), now()
        user.email = user.password_hash = None
        for link in (user_roles, project_members):
            session.execute(sa.delete(link).where(link.c.user_id == user.id))
    sessions.close_all(session, [user.id], "deleted")
    theirs = ApiKey.owner_id == user.id, ApiKey.revoked_at.is_(None)
    session.execute(
        sa.update(ApiKey).where(*theirs).values(is_active=False, revoked_at=now(), updated_at=now())
    )


def _managed(session: Session, user_id: str, who: Principal) -> User:
    """Return a user whom somebody may look after: one who may do no more than they may."""
    user = get(session, user_id)
    if user.id != who.user_id:
        bounds.refuse_beyond(who, rights.of_user(session, user.id), f'"{user.username}"')
    return user


def _switch(session: Session, user: User, who: Principal, *, is_active: bool) -> None:
    if not is_active and user.id == who.user_id:
        raise Conflict("nobody can disable themselves", {"reason": "cannot_disable_self"})
    if user.is_active and not is_active:
        sessions.close_all(session, [user.id], "disabled")
    user.is_active = is_active


def _assign(session: Session, user: User, words: Sequence[str], who: Principal) -> None:
    held = roles.named(session, words, "roles")
    before = session.scalars(sa.select(user_roles.c.role_id).where(user_roles.c.user_id == user.id))
    if set(before) == {role.id for role in held}:
        return
    _refuse_unless_assigning(who)
    if user.id == who.user_id:
        raise Forbidden("nobody changes the roles that are their own", {"reason": "own_roles"})
    _refuse_beyond(who, held)
    session.execute(sa.delete(user_roles).where(user_roles.c.user_id == user.id))
    give(session, user, held)
    sessions.close_all(session, [user.id], "roles_changed")


def give(session: Session, user: User, held: Iterable[Role]) -> None:
    """Add roles to those of a user; who may do so was decided before."""
    rows = [{"user_id": user.id, "role_id": role.id} for role in held]
    if rows:
        session.execute(sa.insert(user_roles), rows)


def _refuse_unless_assigning(who: Principal) -> None:
    if not who.may("role:assign"):
        raise Forbidden("giving roles needs role:assign", {"needs": ["role:assign"]})


def _refuse_beyond(who: Principal, held: Iterable[Role]) -> None:
    for role in held:
        bounds.refuse_beyond(who, bounds.of_roles([role]), f'the role "{role.name}"')


def _refuse_taken(
    session: Session, username: str | None, email: str | None, user_id: str = ""
) -> None:
    for column, value, reason in (
        (User.username, username, "username_taken"),
        (User.email, email, "email_taken"),
    ):
        query = sa.select(User.deleted_at).where(column == value, User.id != user_id)
        found = None if value is None else session.execute(query).first()
        if found is not None:
            whose = "a deleted" if found[0] is not None else "another"
            raise Conflict(f"{whose} user has this {column.key}", {"reason": reason})
