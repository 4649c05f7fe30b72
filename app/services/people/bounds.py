"""What nobody may do to people: give or take rights beyond one's own, leave no admin behind."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Conflict, Forbidden
from app.models import Role, User, user_roles
from app.services.access import Principal, Rights, rights

ADMIN: Final = "admin"
_SEES_ALL: Final = "sees_all"


def refuse_beyond(who: Principal, of: Rights, what: str) -> None:
    """Raise :class:`Forbidden` if somebody deals with rights that are not among his own.

    ``what`` has them, such as ``the role "lead"``.
    """
    refuse_bound(who)
    beyond = sorted(of.permissions - who.permissions)
    if of.sees_all and not who.sight.everything:
        beyond.append(_SEES_ALL)
    if beyond:
        text = f"{what} holds rights that you do not have: {', '.join(beyond)}"
        raise Forbidden(text, _escalation(beyond))


def refuse_bound(who: Principal) -> None:
    """Raise :class:`Forbidden` for a key of one project: people belong to all."""
    if who.sight.within is not None:
        text = "a key of one project can't look after people and keys"
        raise Forbidden(text, _escalation([_SEES_ALL]))


def _escalation(beyond: list[str]) -> dict[str, object]:
    return {"reason": "privilege_escalation", "beyond": beyond}


def of_roles(roles: Iterable[Role]) -> Rights:
    """Return what roles add up to."""
    held = [*roles]
    return Rights(rights.sum_of(held), any(role.sees_all for role in held))


@contextlib.contextmanager
def keeping_an_admin(session: Session) -> Iterator[None]:
    """Raise :class:`Conflict` if what is done meanwhile takes the last active admin away.

    The caller has called :func:`access.changed` before: so nobody else changes people meanwhile.
    """
    had_one = has_admin(session)
    yield
    session.flush()
    if had_one and not has_admin(session):
        raise Conflict("the last active admin must stay one", {"reason": "last_admin"})


def has_admin(session: Session) -> bool:
    """Return whether there is an admin who may sign in."""
    query = (
        sa.select(User.id)
        .join(user_roles, user_roles.c.user_id == User.id)
        .where(user_roles.c.role_id == ADMIN, User.is_active, User.deleted_at.is_(None))
    )
    return session.scalar(query.limit(1)) is not None
