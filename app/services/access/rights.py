"""What a person may do: the sum of his roles, and the projects that he belongs to."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.permissions import BUILT_IN
from app.models import Role, project_members, user_roles
from app.services.access.principal import Rights


def of_user(session: Session, user_id: str) -> Rights:
    """Return what the roles of a user add up to, and his projects."""
    query = (
        sa.select(Role)
        .join(user_roles, user_roles.c.role_id == Role.id)
        .where(user_roles.c.user_id == user_id)
    )
    roles = list(session.scalars(query))
    mine = sa.select(project_members.c.project_id).where(project_members.c.user_id == user_id)
    return Rights(
        sum_of(roles),
        any(role.sees_all for role in roles),
        frozenset(session.scalars(mine)),
    )


def sum_of(roles: Iterable[Role]) -> frozenset[str]:
    """Return the permissions that roles hold together."""
    return frozenset().union(*(permissions_of(role) for role in roles))


def permissions_of(role: Role) -> frozenset[str]:
    """Return the permissions of a role; those of built-in ones are the code's."""
    if role.is_built_in and role.name in BUILT_IN:
        return BUILT_IN[role.name].permissions
    return frozenset(filter(None, role.permissions.split(",")))
