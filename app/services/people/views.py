"""What a person sees of himself."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Role, User, user_roles
from app.services.access import Principal, rights


def of_principal(session: Session, who: Principal) -> dict[str, Any]:
    """Return who asks, and what he may do."""
    user = session.get(User, who.user_id) if who.user_id else None
    return {
        "actor": who.actor,
        **_person(session, user),
        "permissions": sorted(who.permissions),
        "must_change_password": who.must_change_password,
        "session_id": who.session_id,
        "key_id": who.key_id,
    }


def of_user(session: Session, user_id: str, session_id: str | None = None) -> dict[str, Any]:
    """Return the same of somebody who has signed in just now."""
    user = session.get_one(User, user_id)
    return {
        "actor": f"user:{user.username}",
        **_person(session, user),
        "permissions": sorted(rights.of_user(session, user.id).permissions),
        "must_change_password": user.must_change_password,
        "session_id": session_id,
        "key_id": None,
    }


def _person(session: Session, user: User | None) -> dict[str, Any]:
    if user is None:
        nobody = dict.fromkeys(("id", "username", "email", "last_login_at"))
        return {**nobody, "roles": []}
    names = (
        sa.select(Role.name)
        .join(user_roles, user_roles.c.role_id == Role.id)
        .where(user_roles.c.user_id == user.id)
        .order_by(Role.name)
    )
    return {
        "id": user.id,
        "username": user.username,
        "email": user.email,
        "last_login_at": user.last_login_at,
        "roles": list(session.scalars(names)),
    }
