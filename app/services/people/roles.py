"""Roles: sets of permissions that people hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import Conflict, Forbidden, NotFound, invalid
from app.domain.ids import new_id, normalise_id
from app.domain.permissions import BUILT_IN, PERMISSIONS
from app.models import Role, User, user_roles
from app.services import access
from app.services.access import Principal, rights
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.people import bounds, sessions

LISTING = Listing(Role.id, {"name": Order(Role.name)}, "name", "asc")
#: More roles than this nobody can tell apart.
MOST: Final = 500


def page(session: Session, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of roles by name."""
    ids, cursor = LISTING.ids(session, Scope(), wanted)
    found = {role.id: role for role in session.scalars(sa.select(Role).where(Role.id.in_(ids)))}
    held = _held(session)
    rows = [_wire(found[row_id], held[row_id]) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(Role.id))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def view(session: Session, role_id: str) -> dict[str, Any]:
    """Return a role as it goes on the wire. Raises :class:`NotFound`."""
    role = get(session, role_id)
    return _wire(role, _held(session)[role.id])


def get(session: Session, role_id: str) -> Role:
    """Return a role by its id; that of a built-in one is its name. Raises :class:`NotFound`."""
    known = role_id if role_id in BUILT_IN else normalise_id(role_id)
    role = session.get(Role, known) if known else None
    if role is None:
        raise NotFound("Role not found")
    return role


def named(session: Session, words: Sequence[str], field: str) -> list[Role]:
    """Return roles named by their ids or names. Raises :class:`Invalid` that names the unknown."""
    known = {normalise_id(word) or word for word in words}
    either = sa.or_(Role.id.in_(known), Role.name.in_(known))
    found = list(session.scalars(sa.select(Role).where(either).order_by(Role.name)))
    unknown = known - {role.id for role in found} - {role.name for role in found}
    if unknown:
        raise invalid(field, f"unknown: {', '.join(sorted(unknown))}; see GET /api/roles", words)
    return found


def create(session: Session, values: Mapping[str, Any], who: Principal) -> dict[str, Any]:
    """Make a role of rights that its maker has."""
    access.changed(session)
    if (session.scalar(sa.select(sa.func.count()).select_from(Role)) or 0) >= MOST:
        raise Conflict(f"there are {MOST} roles already")
    role = Role(
        id=new_id(),
        name=values["name"],
        description=values.get("description"),
        permissions=",".join(values["permissions"]),
        sees_all=values.get("sees_all", False),
        is_built_in=False,
        created_at=now(),
        updated_at=now(),
    )
    _refuse_taken(session, role.name)
    bounds.refuse_beyond(who, bounds.of_roles([role]), "the role")
    session.add(role)
    session.flush()
    return _wire(role, 0)


def update(
    session: Session, role_id: str, values: Mapping[str, Any], who: Principal
) -> dict[str, Any]:
    """Change a role; whoever holds it may do the other things within a second."""
    access.changed(session)
    role = _changeable(session, role_id, who)
    if "name" in values:
        _refuse_taken(session, values["name"], role.id)
    given = dict(values)
    if "permissions" in given:
        given["permissions"] = ",".join(given["permissions"])
    for name, value in given.items():
        setattr(role, name, value)
    bounds.refuse_beyond(who, bounds.of_roles([role]), "the role")
    role.updated_at = now()
    session.flush()
    return view(session, role.id)


def delete(session: Session, role_id: str, reassign_to: str | None, who: Principal) -> None:
    """Delete a role; who holds it gets another one, without which one in use stays."""
    access.changed(session)
    role = _changeable(session, role_id, who)
    holders = _holders(session, role.id)
    if reassign_to is not None:
        _reassign(session, role, reassign_to, who)
    elif holders:
        raise Conflict(
            f"{len(holders)} people hold this role; give them another by reassign_to",
            {"reason": "role_in_use", "user_count": len(holders)},
        )
    session.delete(role)
    session.flush()


def _changeable(session: Session, role_id: str, who: Principal) -> Role:
    role = get(session, role_id)
    if role.is_built_in:
        raise Conflict("a role of the product can't be changed; make one of your own")
    bounds.refuse_beyond(who, bounds.of_roles([role]), "the role")
    return role


def _reassign(session: Session, role: Role, target: str, who: Principal) -> None:
    (heir,) = named(session, [target], "reassign_to")
    if heir.id == role.id:
        raise invalid("reassign_to", "must be another role", target)
    bounds.refuse_beyond(who, bounds.of_roles([heir]), f'the role "{heir.name}"')
    holders = _holders(session, role.id)
    if who.user_id in holders:
        raise Forbidden("nobody changes the roles that are their own", {"reason": "own_roles"})
    lacking = holders - _holders(session, heir.id)
    if lacking:
        rows = [{"user_id": user_id, "role_id": heir.id} for user_id in lacking]
        session.execute(sa.insert(user_roles), rows)
    sessions.close_all(session, holders, "roles_changed")


def _holders(session: Session, role_id: str) -> set[str]:
    query = sa.select(user_roles.c.user_id).where(user_roles.c.role_id == role_id)
    return set(session.scalars(query))


def _held(session: Session) -> Counter[str]:
    query = (
        sa.select(user_roles.c.role_id, sa.func.count())
        .join(User, User.id == user_roles.c.user_id)
        .where(User.deleted_at.is_(None))
        .group_by(user_roles.c.role_id)
    )
    return Counter({role_id: int(count) for role_id, count in session.execute(query)})


def _refuse_taken(session: Session, name: str, role_id: str = "") -> None:
    query = sa.select(Role.id).where(Role.name == name, Role.id != role_id)
    if session.scalar(query) is not None:
        raise Conflict("another role has this name", {"reason": "name_taken"})


def _wire(role: Role, user_count: int) -> dict[str, Any]:
    own = BUILT_IN.get(role.name) if role.is_built_in else None
    holds = rights.permissions_of(role)
    return {
        "id": role.id,
        "name": role.name,
        "description": own.description if own else role.description,
        "permissions": [name for name in PERMISSIONS if name in holds],
        "sees_all": role.sees_all,
        "is_built_in": role.is_built_in,
        "user_count": user_count,
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    }
