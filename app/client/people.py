"""Users, roles and members: who may do what."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Unpack

from app.client import lists
from app.client.connection import Connection
from app.client.people_wishes import RoleEdit, RoleFields, UserEdit, UserFields, UserQuery
from app.client.things import Page, Thing
from app.client.wishes import PageQuery


class User(Thing):
    """Somebody who signs in; ``password`` is there only when it was made just now."""

    id: str
    username: str
    email: str | None = None
    is_active: bool
    must_change_password: bool = False
    roles: list[str] = []
    has_password: bool = True
    is_external: bool = False
    last_login_at: datetime | None = None
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime
    password: str | None = None


class Role(Thing):
    """A set of permissions."""

    id: str
    name: str
    description: str | None = None
    permissions: list[str]
    sees_all: bool
    is_built_in: bool = False
    user_count: int = 0
    created_at: datetime
    updated_at: datetime


class Users:
    """``client.users``"""

    _path = "/api/users"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[UserQuery]) -> Page[User]:
        """Return a page of users, by name."""
        return lists.page(self._connection, self._path, query, User)

    def walk(self, **query: Unpack[UserQuery]) -> Iterator[User]:
        """Yield all users, by name."""
        return lists.walk(self.list, query)

    def create(self, username: str, **fields: Unpack[UserFields]) -> User:
        """Make a user. It is not repeated by itself if the answer gets lost."""
        body = {**fields, "username": username}
        return User.read(self._connection.post(self._path, body)["data"])

    def get(self, user_id: str) -> User:
        """Return a user."""
        return User.read(self._connection.get(f"{self._path}/{user_id}")["data"])

    def update(self, user_id: str, **fields: Unpack[UserEdit]) -> User:
        """Change a user."""
        return User.read(self._connection.patch(f"{self._path}/{user_id}", fields)["data"])

    def set_password(self, user_id: str, new_password: str | None = None) -> User:
        """Give a user a password, or have one made, to be changed at the next sign-in."""
        body = {} if new_password is None else {"new_password": new_password}
        path = f"{self._path}/{user_id}/password"
        return User.read(self._connection.post(path, body)["data"])

    def delete(self, user_id: str) -> None:
        """Delete a user; the name is never given again."""
        self._connection.delete(f"{self._path}/{user_id}")


class Roles:
    """``client.roles``"""

    _path = "/api/roles"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[PageQuery]) -> Page[Role]:
        """Return a page of roles, by name."""
        return lists.page(self._connection, self._path, query, Role)

    def walk(self) -> Iterator[Role]:
        """Yield all roles, by name."""
        return lists.walk(self.list, {})

    def create(self, name: str, permissions: Sequence[str], **fields: Unpack[RoleFields]) -> Role:
        """Make a role."""
        body = {**fields, "name": name, "permissions": [*permissions]}
        return Role.read(self._connection.post(self._path, body)["data"])

    def get(self, role_id: str) -> Role:
        """Return a role; the id of a built-in one is its name."""
        return Role.read(self._connection.get(f"{self._path}/{role_id}")["data"])

    def update(self, role_id: str, **fields: Unpack[RoleEdit]) -> Role:
        """Change a role."""
        return Role.read(self._connection.patch(f"{self._path}/{role_id}", fields)["data"])

    def delete(self, role_id: str, reassign_to: str | None = None) -> None:
        """Delete a role; if people hold it, give them another one."""
        self._connection.delete(f"{self._path}/{role_id}", {"reassign_to": reassign_to})

    def permissions(self) -> dict[str, str]:
        """Return all permissions there are, each with what it allows."""
        rows: list[dict[str, Any]] = self._connection.get("/api/permissions")["data"]
        return {row["name"]: row["description"] for row in rows}


class Members:
    """``client.members``: those who see and start what belongs to a project."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, project_id: str, **query: Unpack[PageQuery]) -> Page[User]:
        """Return a page of a project's members, by name."""
        return lists.page(self._connection, _members(project_id), query, User)

    def walk(self, project_id: str) -> Iterator[User]:
        """Yield all members of a project, by name."""
        return lists.walk(self.list, {"project_id": project_id})

    def add(self, project_id: str, user_id: str) -> User:
        """Make a user a member of a project."""
        return User.read(self._connection.put(f"{_members(project_id)}/{user_id}")["data"])

    def remove(self, project_id: str, user_id: str) -> None:
        """Have a user be no member any more."""
        self._connection.delete(f"{_members(project_id)}/{user_id}")


def _members(project_id: str) -> str:
    return f"/api/projects/{project_id}/members"
