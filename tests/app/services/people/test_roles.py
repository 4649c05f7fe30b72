"""Roles: what nobody may change, and what holds at once."""

import pytest

from app.db import reading, transaction
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.permissions import BUILT_IN, EVERY
from app.services.access import rights
from app.services.listing import Wanted
from app.services.people import roles, user_views, users
from tests.app.services.people.test_users import reason_of_end, sign_in
from tests.support.persons import ROOT, add, details_of, manager, person

pytestmark = pytest.mark.usefixtures("database")
READS = ("job:read", "execution:read")


def make(name="readers", permissions=READS, **values):
    with transaction() as session:
        given = {"name": name, "permissions": permissions, **values}
        return roles.create(session, given, ROOT)["id"]


def held_by(user_id):
    with reading() as session:
        return user_views.wire(session, users.get(session, user_id))["roles"]


def test_the_roles_of_the_product_are_as_the_code_says():
    with reading() as session:
        page = roles.page(session, Wanted())
    rows = {row["name"]: row for row in page.rows}
    assert rows.keys() == BUILT_IN.keys()
    assert set(rows["admin"]["permissions"]) == EVERY
    for name, role in BUILT_IN.items():
        assert (rows[name]["id"], rows[name]["is_built_in"]) == (name, True)
        assert rows[name]["sees_all"] == role.sees_all
        assert set(rows[name]["permissions"]) == role.permissions


def test_roles_are_listed_page_by_page():
    made = [make(f"r{number}") for number in range(3)]
    names, cursor = [], None
    while True:
        with reading() as session:
            page = roles.page(session, Wanted(limit=2, cursor=cursor))
        names += [row["name"] for row in page.rows]
        if (cursor := page.next_cursor) is None:
            break
    assert names == sorted([*BUILT_IN, "r0", "r1", "r2"])
    assert page.total == len(made) + len(BUILT_IN)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_nobody_changes_the_roles_of_the_product(name):
    for change in (
        lambda s: roles.update(s, name, {"permissions": READS}, ROOT),
        lambda s: roles.delete(s, name, None, ROOT),
    ):
        with pytest.raises(Conflict, match="can't be changed"), transaction() as session:
            change(session)
    with pytest.raises(Conflict, match="another role has this name"):
        make(name)


def test_a_change_of_a_role_is_one_of_its_holders():
    role_id = make()
    with transaction() as session:
        alice = add(session, "alice", "readers")
    with transaction() as session:
        changed = roles.update(session, role_id, {"permissions": ("job:read",)}, ROOT)
        assert (changed["permissions"], changed["user_count"]) == (["job:read"], 1)
    with reading() as session:
        assert rights.of_user(session, alice.id).permissions == {"job:read"}


def test_a_role_in_use_goes_when_its_holders_have_another():
    role_id = make()
    with transaction() as session:
        alice, bob = add(session, "alice", "readers"), add(session, "bob", "readers", "viewer")
        carol = add(session, "carol", "user")
        hers, others = sign_in(session, alice.id), sign_in(session, carol.id)
    with pytest.raises(Conflict) as error, transaction() as session:
        roles.delete(session, role_id, None, ROOT)
    assert details_of(error) == {"reason": "role_in_use", "user_count": 2}
    for heir in ("nobody", role_id):
        with pytest.raises(Invalid, match="reassign_to"), transaction() as session:
            roles.delete(session, role_id, heir, ROOT)
    with transaction() as session:
        roles.delete(session, role_id, "viewer", ROOT)
    assert [held_by(user.id) for user in (alice, bob, carol)] == [["viewer"], ["viewer"], ["user"]]
    assert (reason_of_end(hers), reason_of_end(others)) == ("roles_changed", None)
    with pytest.raises(NotFound), reading() as session:
        roles.get(session, role_id)


@pytest.mark.parametrize(
    "change",
    [
        lambda s, r, w: roles.create(s, {"name": "x", "permissions": ("job:read",)}, w),
        lambda s, r, w: roles.create(s, {"name": "x", "permissions": (), "sees_all": True}, w),
        lambda s, r, w: roles.update(s, r["own"], {"permissions": ("job:read",)}, w),
        lambda s, r, w: roles.update(s, r["own"], {"sees_all": True}, w),
        lambda s, r, w: roles.update(s, r["more"], {"permissions": ()}, w),
        lambda s, r, w: roles.delete(s, r["more"], None, w),
        lambda s, r, w: roles.delete(s, r["own"], "viewer", w),
    ],
)
def test_nobody_makes_or_takes_a_role_beyond_their_own_rights(change):
    with transaction() as session:
        lead = manager(session)
        own = roles.named(session, ["leads"], "x")[0].id
    ids = {"own": own, "more": make()}
    with pytest.raises(Forbidden) as error, transaction() as session:
        change(session, ids, lead)
    assert details_of(error)["reason"] == "privilege_escalation"


def test_nobody_reassigns_their_own_role():
    role_id = make("boss", tuple(EVERY), sees_all=True)
    with transaction() as session:
        boss = person(session, "boss", "boss")
    with pytest.raises(Forbidden) as error, transaction() as session:
        roles.delete(session, role_id, "admin", boss)
    assert details_of(error)["reason"] == "own_roles"


def test_within_their_rights_managers_make_roles():
    with transaction() as session:
        lead = manager(session, "job:read")
        made = roles.create(session, {"name": "x", "permissions": ("job:read",)}, lead)
        roles.update(session, made["id"], {"permissions": ()}, lead)
        roles.delete(session, made["id"], None, lead)
