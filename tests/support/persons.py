"""People in tests: rows made without a password to hash, and who they are to the services."""

from app.domain.permissions import EVERY
from app.services.access import Principal, Sight, rights
from app.services.people import roles, users
from app.services.people.credentials import NewPassword

#: Hashing takes a quarter of a second; nobody signs in with this one.
PASSWORD = NewPassword("no hash at all")
#: An admin who is nobody's row.
ROOT = Principal("key:root", EVERY, Sight(everything=True), key_id="0" * 32)


def add(session, name, *held, **values):
    """Add a user with these roles; return the row."""
    found = roles.named(session, held, "roles")
    return users.add(session, {"username": name, **values}, PASSWORD, found, "test")


def who(session, user):
    """Return who a user is after signing in."""
    has, actor = rights.of_user(session, user.id), f"user:{user.username}"
    sight = Sight(has.sees_all, actor, has.projects)
    return Principal(actor, has.permissions, sight, user_id=user.id, session_id="1" * 32)


def person(session, name, *held):
    """Add a user with these roles; return who it is after signing in."""
    return who(session, add(session, name, *held))


def manager(session, *more, name="lead"):
    """Add a user who looks after people and may do little else; return who it is."""
    permissions = ("user:manage", "role:assign", *more)
    roles.create(session, {"name": f"{name}s", "permissions": permissions}, ROOT)
    return person(session, name, f"{name}s")


def details_of(error):
    """Return the details of an error that pytest caught."""
    return error.value.details or {}
