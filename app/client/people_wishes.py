"""What can be said of people and roles when they are made, changed or looked for."""

from collections.abc import Sequence
from typing import TypedDict

from app.client.wishes import PageQuery


class UserQuery(PageQuery, total=False):
    """Filters and order of a list of users."""

    search: str | None
    is_active: bool | None
    role: str | None
    sort_by: str | None


class UserFields(TypedDict, total=False):
    """What can be said of a user, besides the name; without a password one is made."""

    email: str | None
    password: str
    roles: Sequence[str]


class UserEdit(TypedDict, total=False):
    """What is to be changed of a user."""

    email: str | None
    is_active: bool
    roles: Sequence[str]


class RoleFields(TypedDict, total=False):
    """What can be said of a role, besides its name and its permissions."""

    description: str | None
    sees_all: bool


class RoleEdit(RoleFields, total=False):
    """What is to be changed of a role."""

    name: str
    permissions: Sequence[str]
