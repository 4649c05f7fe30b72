"""Users, roles and members over HTTP."""

import pytest

from app.gateways import passwords
from tests.support.api import get, refused, walk

PATH = "/api/users"
GOOD = "plum orbit lantern 42"
#: What nobody guesses, longer than what bcrypt reads, and with a NUL.
SECRET = "7vQ!x2Lp mR9#tZ4w"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """What a test asks about is not the cost."""
    monkeypatch.setattr(passwords, "COST", 4)


def make(client, username="alice", **values):
    answer = client.post(PATH, json={"username": username, **values})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def test_a_user_lives_from_create_to_delete(client):
    made = make(client, " Alice ", email="A@Example.com", password=GOOD, roles=["viewer"])
    assert (made["username"], made["email"], made["roles"]) == (
        "alice",
        "a@example.com",
        ["viewer"],
    )
    assert "password" not in made
    path = f"{PATH}/{made['id']}"
    assert get(client, path)["data"] == made
    changed = client.patch(path, json={"email": None, "is_active": False}).json["data"]
    assert (changed["email"], changed["is_active"]) == (None, False)
    assert client.put(path, json={"role": "operator"}).json["data"]["role"] == "operator"
    assert client.delete(path).status_code == 204
    refused(client.get(path), 404)
    assert get(client, PATH)["data"] == []
    taken = refused(client.post(PATH, json={"username": "ALICE"}), 409)
    assert taken["details"] == {"reason": "username_taken"}


def test_a_password_that_is_made_is_shown_once(client):
    made = make(client)
    assert len(made["password"]) == 20
    assert "password" not in get(client, f"{PATH}/{made['id']}")["data"]
    path = f"{PATH}/{made['id']}/password"
    for method in (client.put, client.post):
        changed = method(path, json={"new_password": GOOD}).json["data"]
        assert changed["must_change_password"] is True
        assert "password" not in changed
    assert len(client.post(path).json["data"]["password"]) == 20


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "a/b"}, "username"),
        ({"username": "x" * 64}, "username"),
        ({"username": "f" * 32}, "username"),
        ({"username": 5}, "username"),
        ({"email": "a@b"}, "email"),
        ({"email": "a" * 300 + "@b.de"}, "email"),
        ({"email": "a@b.de\nBcc: c@d.de"}, "email"),
        ({"password": "kx7#mQ2"}, "password"),
        ({"password": "password1"}, "password"),
        ({"username": "brunhilde", "password": "Brunhilde1"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"password": "x" * 5000}, "password"),
        ({"password": 12345678}, "password"),
        ({"password": [GOOD]}, "password"),
        ({"roles": ["boss"]}, "roles"),
        ({"roles": "admin"}, "roles"),
        ({"roles": ["user"] * 51}, "roles"),
        ({"role": "admin", "roles": ["user"]}, "role"),
        ({"is_admin": True}, "is_admin"),
        ({"must_change_password": False}, "must_change_password"),
        ({"password_hash": "x"}, "password_hash"),
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_made(client, values, field):
    refused(client.post(PATH, json={"username": "alice", **values}), 400, field)
    assert get(client, PATH)["data"] == []


def test_no_fault_shows_a_password(client):
    made = make(client)
    for password in (SECRET[:7], [SECRET], {"a": SECRET}, SECRET + "\n", SECRET * 60):
        for path, name in ((PATH, "password"), (f"{PATH}/{made['id']}/password", "new_password")):
            answer = client.post(
                path, json={"username": "bob", name: password} if path == PATH else {name: password}
            )
            assert answer.status_code == 400
            assert SECRET[:7] not in answer.text


def test_users_are_listed_and_narrowed(client):
    for name in ("carol", "alice", "bob"):
        make(client, name, email=f"{name}@b.de", role="admin" if name == "bob" else "user")
    rows, totals = walk(client, PATH, limit=2)
    assert [row["username"] for row in rows] == ["alice", "bob", "carol"]
    assert set(totals) == {3}
    assert [row["username"] for row in get(client, PATH, role="admin")["data"]] == ["bob"]
    assert [row["username"] for row in get(client, PATH, search="ALI")["data"]] == ["alice"]
    assert get(client, PATH, is_active="false")["data"] == []
    newest = get(client, PATH, sort_by="created_at", sort_order="desc", limit=1)["data"]
    assert newest[0]["username"] == "bob"
    refused(client.get(PATH, query_string={"is_active": "perhaps"}), 400, "is_active")


def test_roles_are_given_as_names_or_ids(client):
    made = make(client)
    path = f"{PATH}/{made['id']}/roles"
    assert client.put(path, json={"role_ids": ["viewer"]}).json["data"]["roles"] == ["viewer"]
    both = client.put(path, json={"roles": ["viewer", "admin"]}).json["data"]
    assert (both["roles"], both["role"]) == (["admin", "viewer"], "admin")
    last = refused(client.put(path, json={"roles": []}), 409)
    assert last["details"] == {"reason": "last_admin"}
    refused(client.put(path, json={}), 400, "roles")


def test_a_role_lives_from_create_to_delete(client):
    body = {"name": "Readers", "permissions": ["execution:read", "job:read"], "sees_all": True}
    made = client.post("/api/roles", json=body).json["data"]
    assert (made["name"], made["permissions"]) == ("readers", ["job:read", "execution:read"])
    path = f"/api/roles/{made['id']}"
    make(client, roles=["readers"])
    assert client.patch(path, json={"description": "see"}).json["data"]["user_count"] == 1
    assert refused(client.delete(path), 409)["details"]["reason"] == "role_in_use"
    assert client.delete(f"{path}?reassign_to=viewer").status_code == 204
    assert get(client, PATH, role="viewer")["total"] == 1
    refused(client.get(path), 404)
    rows, _ = walk(client, "/api/roles", limit=3)
    assert [row["id"] for row in rows] == ["admin", "operator", "user", "viewer"]
    refused(client.patch("/api/roles/admin", json={"permissions": []}), 409)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "a b"}, "name"),
        ({"permissions": ["job:fly"]}, "permissions"),
        ({"permissions": "job:read"}, "permissions"),
        ({"permissions": [5]}, "permissions"),
        ({"sees_all": "yes"}, "sees_all"),
        ({"is_built_in": True}, "is_built_in"),
    ],
)
def test_what_is_wrong_with_a_role_is_named(client, values, field):
    body = {"name": "x", "permissions": ["job:read"], **values}
    refused(client.post("/api/roles", json=body), 400, field)


def test_permissions_are_listed_with_what_they_allow(client):
    rows = get(client, "/api/permissions")["data"]
    assert len(rows) >= 18
    assert all(row["name"] and row["description"] for row in rows)


def test_members_come_and_go(client):
    made = make(client)
    path = "/api/projects/default/members"
    assert client.put(f"{path}/{made['id']}").json["data"]["username"] == "alice"
    assert [row["id"] for row in get(client, path)["data"]] == [made["id"]]
    assert client.delete(f"{path}/{made['id']}").status_code == 204
    refused(client.delete(f"{path}/{made['id']}"), 404)
    assert get(client, path)["total"] == 0
