"""API keys over HTTP."""

import pytest

from tests.support.api import get, refused, walk

PATH = "/api/api-keys"


def make(client, **values):
    answer = client.post(PATH, json={"name": "ci", **values})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def test_a_key_is_shown_once_and_then_only_its_prefix(client):
    made = make(client)
    assert made["key"].startswith(made["key_prefix"])
    assert len(made["key_prefix"]) == 15
    assert (made["scopes"], made["is_active"]) == ("read,write", True)
    shown = get(client, f"{PATH}/{made['id']}")["data"]
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert "expires_at" not in shown
    (listed,) = get(client, PATH)["data"]
    assert listed == shown


def test_keys_are_listed_newest_first_and_by_cursor(client):
    made = [make(client, name=f"k{number}") for number in range(5)]
    rows, totals = walk(client, PATH, limit=2)
    newest_first = sorted(made, key=lambda key: (key["created_at"], key["id"]), reverse=True)
    assert [row["name"] for row in rows] == [key["name"] for key in newest_first]
    assert set(totals) == {5}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"scopes": "root"}, "scopes"),
        ({"scopes": ""}, "scopes"),
        ({"scopes": ["read"]}, "scopes"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": "2100-01-01T00:00:00"}, "expires_at"),
        ({"expires_at": 5}, "expires_at"),
        ({"key": "oneoff_mine"}, "key"),
        ({"key_hash": "x"}, "key_hash"),
        ({"is_active": True}, "is_active"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(client, values, field):
    refused(client.post(PATH, json={"name": "ci", **values}), 400, field)
    assert get(client, PATH)["data"] == []


def test_a_key_can_be_changed_and_its_expiry_taken_away(client):
    made = make(client, expires_at="2100-01-01T00:00:00Z")
    assert made["expires_at"] == "2100-01-01T00:00:00.000Z"
    answer = client.patch(
        f"{PATH}/{made['id']}", json={"name": "n", "scopes": " admin ", "expires_at": None}
    )
    changed = answer.json["data"]
    assert (changed["name"], changed["scopes"]) == ("n", "admin")
    assert "expires_at" not in changed


def test_a_key_can_be_switched_off_and_on_but_not_after_it_was_revoked(client):
    path = f"{PATH}/{make(client)['id']}"
    for on in (False, True):
        assert client.put(path, json={"is_active": on}).json["data"]["is_active"] is on
    for _ in range(2):
        answer = client.post(f"{path}/revoke")
        assert (answer.status_code, answer.json["data"]) == (200, {"status": "revoked"})
    assert get(client, path)["data"]["is_active"] is False
    refused(client.patch(path, json={"is_active": True}), 409)
    refused(client.post(f"{path}/rotate"), 409)


def test_rotation_makes_a_key_like_the_old_one_and_revokes_that(client):
    old = make(client, scopes="admin", expires_at="2100-01-01T00:00:00Z")
    answer = client.post(f"{PATH}/{old['id']}/rotate")
    assert answer.status_code == 200
    new = answer.json["data"]
    assert new["name"] == "ci (rotated)"
    assert new["key"] != old["key"]
    assert [new[n] for n in ("scopes", "expires_at")] == [old[n] for n in ("scopes", "expires_at")]
    assert get(client, f"{PATH}/{old['id']}")["data"]["is_active"] is False
    again = client.post(f"{PATH}/{new['id']}/rotate").json["data"]
    assert again["name"] == "ci (rotated)"
    assert get(client, PATH)["total"] == 3


def test_a_deleted_key_is_gone(client):
    path = f"{PATH}/{make(client)['id']}"
    assert client.delete(path).status_code == 204
    refused(client.get(path), 404)
    assert get(client, PATH)["data"] == []


@pytest.mark.parametrize(
    ("method", "suffix"),
    [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/revoke"), ("POST", "/rotate")],
)
@pytest.mark.parametrize("key_id", ["0" * 32, "nope", "default"])
def test_a_key_that_is_not_there_is_404(client, method, suffix, key_id):
    body: dict[str, str] = {}
    given = {"json": body} if method == "PATCH" else {}
    answer = client.open(f"{PATH}/{key_id}{suffix}", method=method, **given)
    assert refused(answer, 404)["error"] == "API key not found"
