"""Keys and their owners: nobody makes a key that may do more than they may."""

from dataclasses import replace

import pytest

from app.db import reading, transaction
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.services import api_keys
from app.services.access import Doorkeeper, Sight
from app.services.listing import Wanted
from app.services.people import keys, users
from tests.support.persons import ROOT, add, details_of, manager, person

pytestmark = pytest.mark.usefixtures("database")


def make(asker, **values):
    with transaction() as session:
        return keys.create(session, {"name": "k", **values}, asker)


def refusal(asker, **values):
    with pytest.raises(Forbidden) as error:
        make(asker, **values)
    return details_of(error)


def holder(made):
    """Return who a process that has just begun takes the key for."""
    return Doorkeeper().recognise(made["key"])


def new_person(name, *roles):
    with transaction() as session:
        return person(session, name, *roles)


def test_whoever_makes_a_key_owns_it_and_it_does_no_more():
    alice = new_person("alice", "user")
    made = make(alice)
    assert (made["owner_id"], made["created_by"]) == (alice.user_id, "user:alice")
    found = holder(made)
    assert (found.actor, found.user_id, found.key_id) == ("user:alice", alice.user_id, made["id"])
    assert found.permissions <= alice.permissions
    assert found.sight.everything is False
    assert make(ROOT)["owner_id"] is None


@pytest.mark.parametrize(
    ("role", "scopes", "idle"),
    [
        ("user", "admin", ["admin"]),
        ("user", "read,write", None),
        ("viewer", "read,write", ["write"]),
        ("viewer", "read", None),
        ("operator", "write", None),
        ("operator", "admin", ["admin"]),
        ("admin", "admin", None),
    ],
)
def test_scopes_beyond_the_owner_are_refused(role, scopes, idle):
    alice = new_person("alice", role)
    for asker in (alice, ROOT):
        given = {"scopes": scopes, "owner_id": alice.user_id}
        if idle is None:
            assert make(asker, **given)["scopes"] == scopes
        else:
            assert refusal(asker, **given)["scopes"] == idle


def test_a_key_is_cut_when_its_owner_is():
    alice = new_person("alice", "admin")
    new_person("root", "admin")
    made = make(alice, scopes="admin")
    assert holder(made).may("user:manage")
    with transaction() as session:
        users.set_roles(session, alice.user_id, ["user"], ROOT)
    assert not holder(made).may("user:manage")
    with transaction() as session:
        users.update(session, alice.user_id, {"is_active": False}, ROOT)
    assert holder(made) is None


def test_people_see_and_change_their_own_keys_alone():
    alice, bob = new_person("alice", "user"), new_person("bob", "user")
    hers, his, free = make(alice)["id"], make(bob)["id"], make(ROOT)["id"]
    with reading() as session:
        page = keys.page(session, Wanted(), alice)
        assert ([row["id"] for row in page.rows], page.total) == ([hers], 1)
        assert keys.page(session, Wanted(), ROOT).total == 3
        assert keys.get(session, hers, alice).id == hers
    for foreign in (his, free):
        for do in (
            lambda s, k: keys.get(s, k, alice),
            lambda s, k: keys.update(s, k, {"name": "x"}, alice),
            lambda s, k: keys.revoke(s, k, alice),
            lambda s, k: keys.rotate(s, k, 0, alice),
            lambda s, k: keys.delete(s, k, alice),
        ):
            with pytest.raises(NotFound), transaction() as session:
                do(session, foreign)
    with transaction() as session:
        keys.update(session, hers, {"name": "x"}, alice)
        made = keys.rotate(session, hers, 0, alice)
        assert made["owner_id"] == alice.user_id
        keys.delete(session, made["id"], alice)


def test_keys_of_others_are_made_by_those_who_look_after_people():
    alice, bob = new_person("alice", "user"), new_person("bob", "user")
    for owner in (bob.user_id, None):
        assert refusal(alice, owner_id=owner) == {"needs": ["user:manage"]}
    assert make(ROOT, owner_id=bob.user_id)["owner_id"] == bob.user_id
    with pytest.raises(Invalid, match="no such user"):
        make(ROOT, owner_id="f" * 32)
    with pytest.raises(Invalid, match="no such project"):
        make(ROOT, project_id="f" * 32)


def test_a_manager_makes_no_key_beyond_their_own_rights():
    with transaction() as session:
        lead, root = manager(session), add(session, "root", "admin")
        of_root = api_keys.create(session, {"name": "r", "owner_id": root.id}, "test")["id"]
        free = api_keys.create(session, {"name": "f", "scopes": "read"}, "test")["id"]
    for given in (
        {"owner_id": root.id, "scopes": "read"},
        {"owner_id": None, "scopes": "read"},
        {"owner_id": None, "scopes": "admin"},
    ):
        assert refusal(lead, **given)["reason"] == "privilege_escalation"
    for key_id in (of_root, free):
        for do in (
            lambda s, k: keys.rotate(s, k, 0, lead),
            lambda s, k: keys.update(s, k, {"is_active": False}, lead),
            lambda s, k: keys.revoke(s, k, lead),
            lambda s, k: keys.delete(s, k, lead),
        ):
            with pytest.raises(Forbidden), transaction() as session:
                do(session, key_id)


def test_a_key_makes_no_keys_unless_it_may_manage():
    alice = new_person("alice", "user")
    by_key = replace(alice, key_id="3" * 32)
    assert refusal(by_key) == {"needs": ["user:manage"]}
    own = make(alice)["id"]
    with pytest.raises(Forbidden), transaction() as session:
        keys.update(session, own, {"expires_at": None}, by_key)
    with reading() as session:
        assert keys.page(session, Wanted(), by_key).total == 1


def test_a_key_of_one_project_makes_no_keys():
    bound = replace(ROOT, sight=Sight(everything=True, within="default"))
    assert refusal(bound, project_id="default")["reason"] == "privilege_escalation"


def test_a_persons_keys_are_bounded(monkeypatch):
    monkeypatch.setattr(keys, "MOST", 2)
    alice = new_person("alice", "user")
    first = make(alice)["id"]
    make(alice)
    with pytest.raises(Conflict, match="2 keys"):
        make(alice)
    with transaction() as session:
        keys.revoke(session, first, alice)
    make(alice)
