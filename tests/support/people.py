"""People for tests, and signing them in."""

import bcrypt
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.ids import new_id
from app.gateways import passwords
from app.models import AuditEntry, User, user_roles

PASSWORD = "plum orbit lantern 42"
OTHER_PASSWORD = "velvet canyon thirty owls"
_HASHES: dict[str, str] = {}


def quick_hash(password):
    """Return a hash that is checked in a millisecond: what a test asks about is not the cost."""
    if password not in _HASHES:
        digest = passwords._digest(password)
        _HASHES[password] = bcrypt.hashpw(digest, bcrypt.gensalt(4)).decode()
    return _HASHES[password]


def make_user(username="alice", *roles, password=PASSWORD, **over):
    """Insert a person with these roles and return him."""
    values = {
        "id": new_id(),
        "username": username,
        "password_hash": None if password is None else quick_hash(password),
        "must_change_password": False,
        "is_active": True,
        "created_at": now(),
        "updated_at": now(),
    }
    user = User(**values | over)
    with transaction() as session:
        session.add(user)
        session.flush()
        for role in roles:
            session.execute(sa.insert(user_roles).values(user_id=user.id, role_id=role))
    return user


def sign_in(client, username="alice", password=PASSWORD, **headers):
    """Ask to sign in and return the answer."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"username": username, "password": password}
    return client.post("/api/auth/login", json=body, headers=names)


def signed_in(client, username="alice", password=PASSWORD):
    """Sign in and return the tokens."""
    answer = sign_in(client, username, password)
    assert answer.status_code == 200, answer.text
    return answer.json["data"]


def bearer(tokens):
    """Return the header that shows an access token."""
    return {"Authorization": f"Bearer {tokens['token'] if isinstance(tokens, dict) else tokens}"}


def notes(action):
    """Return the rows of the audit log about this, the oldest first."""
    query = sa.select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
    with reading() as session:
        return list(session.scalars(query))
