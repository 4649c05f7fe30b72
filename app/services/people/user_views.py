"""Users as they are listed and shown."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.permissions import BUILT_IN
from app.models import Role, User, user_roles
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted

LISTING = Listing(
    User.id,
    {"username": Order(User.username), "created_at": Order(User.created_at)},
    "username",
    "asc",
)
_PLAIN: Final = (
    "id",
    "username",
    "email",
    "is_active",
    "must_change_password",
    "issuer",
    "subject",
    "last_login_at",
    "created_by",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True)
class UserFilters:
    """What narrows a list of users."""

    search: str | None = None
    is_active: bool | None = None
    role: str | None = None


def page(session: Session, wanted: Wanted, filters: UserFilters) -> Page[dict[str, Any]]:
    """Return a page of users by name; those who are deleted are not among them."""
    where = tuple(_conditions(filters))
    wanted = replace(wanted, filters=asdict(filters))
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    rows = of_ids(session, ids)
    total, is_capped = counted(session, sa.select(User.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def of_ids(session: Session, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return users as they go on the wire, in this order."""
    found = {user.id: user for user in session.scalars(sa.select(User).where(User.id.in_(ids)))}
    return _wires(session, [found[row_id] for row_id in ids if row_id in found])


def _conditions(filters: UserFilters) -> Iterable[sa.ColumnElement[bool]]:
    yield User.deleted_at.is_(None)
    if filters.search:
        text = filters.search.lower()
        yield sa.or_(
            User.username.contains(text, autoescape=True),
            User.email.contains(text, autoescape=True),
        )
    if filters.is_active is not None:
        yield User.is_active.is_(filters.is_active)
    if filters.role:
        either = sa.or_(Role.id == filters.role, Role.name == filters.role)
        held = sa.select(user_roles.c.user_id).join(Role, Role.id == user_roles.c.role_id)
        yield User.id.in_(held.where(either))


def wire(session: Session, user: User) -> dict[str, Any]:
    """Return a user as it goes on the wire."""
    return _wires(session, [user])[0]


def _wires(session: Session, users: Sequence[User]) -> list[dict[str, Any]]:
    query = (
        sa.select(user_roles.c.user_id, Role.name)
        .join(Role, Role.id == user_roles.c.role_id)
        .where(user_roles.c.user_id.in_([user.id for user in users]))
    )
    held: dict[str, set[str]] = defaultdict(set)
    for user_id, name in session.execute(query):
        held[user_id].add(name)
    return [_wire(user, _ordered(held[user.id])) for user in users]


def _ordered(names: set[str]) -> list[str]:
    """Return names of roles, those of the product first: admin before all others."""
    return [*(name for name in BUILT_IN if name in names), *sorted(names - BUILT_IN.keys())]


def _wire(user: User, names: list[str]) -> dict[str, Any]:
    return {
        **{name: getattr(user, name) for name in _PLAIN},
        "roles": names,
        "role": names[0] if names else None,
        "has_password": user.password_hash is not None,
        "is_external": user.issuer is not None,
    }
