"""Users, roles and members from the command line, over HTTP."""

import json

import pytest

from app.gateways import passwords
from tests.app.cli.test_jobs import ended

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
GOOD = "plum orbit lantern 42"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """What a test asks about is not the cost."""
    monkeypatch.setattr(passwords, "COST", 4)


def test_a_user_lives_from_create_to_delete(oneoff):
    user_id, password = ended(oneoff("users", "create", "alice", "--email", "a@b.de")).split()
    assert len(password) == 20
    assert "a@b.de" in ended(oneoff("users", "list", "--search", "ali"))
    ended(oneoff("users", "edit", "alice", "--role", "viewer", "--role", "user", "--email", ""))
    shown = json.loads(ended(oneoff("users", "show", "Alice", "--json")))
    assert (shown["id"], shown["roles"], shown["email"]) == (user_id, ["viewer", "user"], None)
    assert "viewer" in ended(oneoff("users", "show", user_id))
    given = ("--password-file", "-")
    done = ended(oneoff("users", "set-password", "alice", *given, text=f"{GOOD}\n"))
    assert done.split() == ["changed", user_id]
    ended(oneoff("users", "edit", "alice", "--inactive"))
    assert "alice" in ended(oneoff("users", "list", "--inactive"))
    assert "--yes" in oneoff("users", "delete", "alice").stderr
    ended(oneoff("users", "delete", "alice", "--yes"))
    done = oneoff("users", "show", "alice")
    ended(done, 1)
    assert "no user named 'alice'" in done.stderr


def test_a_role_lives_from_create_to_delete(oneoff):
    given = ("--permission", "job:read", "--permission", "execution:read", "--sees-all")
    role_id = ended(oneoff("roles", "create", "readers", *given)).strip()
    ended(oneoff("roles", "edit", "readers", "--description", "see", "--permission", "job:read"))
    shown = json.loads(ended(oneoff("roles", "show", "readers", "--json")))
    assert (shown["permissions"], shown["sees_all"]) == (["job:read"], True)
    assert "readers" in ended(oneoff("roles", "list"))
    assert "admin" in ended(oneoff("roles", "show", "admin"))
    assert "user:manage" in ended(oneoff("roles", "permissions"))
    ended(oneoff("users", "create", "alice", "--role", "readers"))
    done = oneoff("roles", "delete", role_id, "--yes")
    ended(done, 1)
    assert "hold this role" in done.stderr
    ended(oneoff("roles", "delete", "readers", "--reassign-to", "viewer", "--yes"))
    assert "alice" in ended(oneoff("users", "list", "--role", "viewer"))


def test_members_come_and_go(oneoff):
    ended(oneoff("users", "create", "alice"))
    assert "members add" in oneoff("members", "list", "default").stderr
    ended(oneoff("members", "add", "Default Project", "alice"))
    assert "alice" in ended(oneoff("members", "list", "default"))
    ended(oneoff("members", "remove", "default", "alice"))
    assert json.loads(ended(oneoff("members", "list", "default", "--json"))) == {"data": []}


def test_what_is_wrong_is_said(oneoff):
    for words, code, text in (
        (("users", "create", "a/b"), 1, "letters a-z"),
        (("users", "create", "bob", "--role", "boss"), 1, "unknown: boss"),
        (("users", "edit", "bob"), 2, "say what to change"),
        (("roles", "create", "x", "--permission", "job:fly"), 1, "job:fly"),
        (("roles", "edit", "admin", "--permission", "job:read"), 1, "can't be changed"),
        (("members", "add", "default", "bob"), 1, "no user named 'bob'"),
    ):
        done = oneoff(*words)
        ended(done, code)
        assert text in done.stderr
