"""People and keys for the proofs of who sees and may do what."""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.db import transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.domain.permissions import EVERY, OF_INSTALLATION
from app.models import ApiKey, Role, User, project_members, user_roles
from app.services import access, api_keys
from app.services.people import sessions

#: May do with objects whatever there is, and sees no more than his.
WIDE = EVERY - OF_INSTALLATION


@dataclass(frozen=True)
class Caller:
    """Somebody who asks the API with a key or a token."""

    name: str
    key: str
    client: Any

    def open(self, method, path, **kwargs):
        """Ask, and return the answer."""
        headers = {"X-API-Key": self.key} | kwargs.pop("headers", {})
        return self.client.open(path, method=method, headers=headers, **kwargs)

    def get(self, path, **query):
        """Return the JSON of a GET that succeeds."""
        answer = self.open("GET", path, query_string=query)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json

    def post(self, path, body=None, status=None):
        """Return the JSON of a POST that succeeds."""
        answer = self.open("POST", path, json={} if body is None else body)
        assert answer.status_code in ({status} if status else {200, 201, 202}), answer.text
        return answer.json


def new_role(name, permissions, *, sees_all=False):
    """Make a role; return its id."""
    role_id = new_id()
    with transaction() as session:
        session.add(
            Role(
                id=role_id,
                name=name,
                permissions=",".join(sorted(permissions)),
                sees_all=sees_all,
                is_built_in=False,
                created_at=now(),
                updated_at=now(),
            )
        )
    return role_id


def person(client, name, *roles, projects=()):
    """Make an active user with these roles; return who has signed in as that user."""
    user_id = new_id()
    with transaction() as session:
        session.add(
            User(id=user_id, username=name, is_active=True, created_at=now(), updated_at=now())
        )
        session.flush()
        for role in roles:
            session.execute(sa.insert(user_roles).values(user_id=user_id, role_id=role))
        for project in projects:
            values = {"user_id": user_id, "project_id": project}
            session.execute(sa.insert(project_members).values(values))
        user = session.get_one(User, user_id)
        tokens = sessions.open_session(session, user, "127.0.0.1", "tests")
    return Caller(f"user:{name}", tokens.access, client)


def key(client, scopes="admin", project_id=None):
    """Return a program that asks with a key of nobody, limited to a project or not."""
    return Caller(f"key:{scopes}", _key(scopes, scopes, project_id=project_id), client)


def join(name, project_id):
    """Make a user a member of a project."""
    with transaction() as session:
        user = session.scalars(sa.select(User.id).where(User.username == name)).one()
        values = {"user_id": user, "project_id": project_id}
        session.execute(sa.insert(project_members).values(values))
        access.changed(session)


def _key(name, scopes="admin", **values):
    with transaction() as session:
        made = api_keys.create(session, {"name": name, "scopes": scopes}, "test")
        session.execute(
            sa.update(ApiKey).where(ApiKey.id == made["id"]).values(**values or {"name": name})
        )
    return made["key"]


def until(is_so):
    """Wait until something is so: what is changed holds in all processes within a second."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)
