"""Users, roles and members through the client."""

import pytest

from app.client import Client, Conflict, Invalid, NotFound
from app.gateways import passwords

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GOOD = "plum orbit lantern 42"


@pytest.fixture
def oneoff(api_url, monkeypatch):
    """A client of the API."""
    monkeypatch.setattr(passwords, "COST", 4)
    with Client(api_url) as client:
        yield client


def test_a_user_lives_from_create_to_delete(oneoff):
    made = oneoff.users.create("alice", email="a@b.de", roles=["viewer"])
    assert (made.username, made.roles, made.is_active) == ("alice", ["viewer"], True)
    assert made.password
    assert oneoff.users.get(made.id).password is None
    assert oneoff.users.update(made.id, email=None, is_active=False).email is None
    assert oneoff.users.set_password(made.id, GOOD).password is None
    assert oneoff.users.set_password(made.id).password
    assert [user.id for user in oneoff.users.walk(role="viewer", is_active=False)] == [made.id]
    assert oneoff.users.list(search="bob").total == 0
    with pytest.raises(Invalid):
        oneoff.users.create("a/b")
    oneoff.users.delete(made.id)
    with pytest.raises(NotFound):
        oneoff.users.get(made.id)


def test_a_role_lives_from_create_to_delete(oneoff):
    role = oneoff.roles.create("readers", ["job:read"], description="see")
    assert (role.permissions, role.sees_all, role.is_built_in) == (["job:read"], False, False)
    assert oneoff.roles.update(role.id, sees_all=True).sees_all
    assert oneoff.roles.get("admin").is_built_in
    assert "readers" in [one.name for one in oneoff.roles.walk()]
    assert "job:read" in oneoff.roles.permissions()
    oneoff.users.create("alice", roles=["readers"])
    with pytest.raises(Conflict):
        oneoff.roles.delete(role.id)
    oneoff.roles.delete(role.id, reassign_to="viewer")


def test_members_come_and_go(oneoff):
    user = oneoff.users.create("alice")
    assert oneoff.members.add("default", user.id).username == "alice"
    assert [one.id for one in oneoff.members.walk("default")] == [user.id]
    oneoff.members.remove("default", user.id)
    assert oneoff.members.list("default").total == 0
