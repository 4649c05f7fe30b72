"""Users: who may do what to whom, and what ends when rights end."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.clock import now
from app.domain.errors import Conflict, Forbidden, Invalid, NotFound
from app.domain.ids import new_id
from app.models import ApiKey, Installation, User, UserSession, project_members, user_roles
from app.services import api_keys
from app.services.listing import Wanted
from app.services.people import members, user_views, users
from app.services.people.user_views import UserFilters
from tests.support.persons import PASSWORD, ROOT, add, details_of, manager, person, who

pytestmark = pytest.mark.usefixtures("database")


def refused(error, reason=None):
    assert details_of(error).get("reason") == reason, error.value
    return details_of(error)


def sign_in(session, user_id):
    row = UserSession(
        id=new_id(),
        user_id=user_id,
        refresh_hash="x",
        created_at=now(),
        used_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    session.add(row)
    session.flush()
    return row.id


def reason_of_end(session_id):
    with reading() as session:
        row = session.get_one(UserSession, session_id)
        return row.revoked_reason if row.revoked_at else None


def epoch():
    with reading() as session:
        return session.scalars(sa.select(Installation.auth_epoch)).one()


def test_a_new_user_must_change_the_password_and_is_a_plain_one():
    with transaction() as session:
        made = users.create(session, {"username": "alice", "email": "a@b.de"}, PASSWORD, ROOT)
    assert (made["roles"], made["role"], made["must_change_password"]) == (["user"], "user", True)
    assert (made["created_by"], made["is_active"], made["has_password"]) == ("key:root", True, True)
    assert "password" not in made
    with reading() as session:
        assert user_views.wire(session, users.get(session, made["id"])) == made


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"username": "alice"}, "username_taken"),
        ({"username": "bob", "email": "a@b.de"}, "email_taken"),
    ],
)
def test_names_and_addresses_are_there_once(values, reason):
    with transaction() as session:
        add(session, "alice", email="a@b.de")
    with pytest.raises(Conflict) as error, transaction() as session:
        users.create(session, values, PASSWORD, ROOT)
    refused(error, reason)


def test_a_deleted_user_leaves_nothing_but_the_name():
    with transaction() as session:
        admin = person(session, "root", "admin")
        alice = add(session, "alice", "user", email="a@b.de")
        members.add(session, "default", alice.id, ROOT)
        key = api_keys.create(session, {"name": "k", "owner_id": alice.id}, "user:alice")
        signed_in = sign_in(session, alice.id)
    before = epoch()
    with transaction() as session:
        users.delete(session, alice.id, admin)
    assert reason_of_end(signed_in) == "deleted"
    assert epoch() > before
    with reading() as session:
        row = session.get_one(User, alice.id)
        assert (row.username, row.email, row.password_hash) == ("alice", None, None)
        assert session.get_one(ApiKey, key["id"]).revoked_at is not None
        for link in (user_roles, project_members):
            assert session.execute(sa.select(link).where(link.c.user_id == alice.id)).all() == []
        with pytest.raises(NotFound):
            users.get(session, alice.id)
        assert users.find(session, "alice") is None
    with (
        pytest.raises(Conflict, match="a deleted user has this username"),
        transaction() as session,
    ):
        users.create(session, {"username": "alice"}, PASSWORD, admin)
    with transaction() as session:  # the address is free again
        users.create(session, {"username": "bob", "email": "a@b.de"}, PASSWORD, admin)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda s, u, w: users.update(s, u, {"is_active": False}, w), "disabled"),
        (lambda s, u, w: users.set_roles(s, u, ["viewer"], w), "roles_changed"),
        (lambda s, u, w: users.set_password(s, u, PASSWORD, w), "password_changed"),
        (users.delete, "deleted"),
        (lambda s, u, w: users.update(s, u, {"email": "n@b.de"}, w), None),
        (lambda s, u, w: users.set_roles(s, u, ["user"], w), None),
    ],
)
def test_what_takes_rights_away_signs_out_and_nobody_else(change, reason):
    with transaction() as session:
        alice, bob = add(session, "alice", "user"), add(session, "bob", "user")
        hers, his = sign_in(session, alice.id), sign_in(session, bob.id)
    before = epoch()
    with transaction() as session:
        change(session, alice.id, ROOT)
    assert epoch() > before
    assert (reason_of_end(hers), reason_of_end(his)) == (reason, None)


def test_a_password_by_an_admin_must_be_changed():
    with transaction() as session:
        alice = add(session, "alice", "user")
        changed = users.set_password(session, alice.id, PASSWORD, ROOT)
    assert changed["must_change_password"] is True


@pytest.mark.parametrize(
    "change",
    [
        lambda s, u: users.set_roles(s, u, ["user"], ROOT),
        lambda s, u: users.update(s, u, {"is_active": False}, ROOT),
        lambda s, u: users.delete(s, u, ROOT),
    ],
)
def test_the_last_active_admin_stays(change):
    with transaction() as session:
        first, second = add(session, "first", "admin"), add(session, "second", "admin")
        asleep = add(session, "asleep", "admin")
        asleep.is_active = False
    with transaction() as session:
        change(session, first.id)
    with pytest.raises(Conflict) as error, transaction() as session:
        change(session, second.id)
    refused(error, "last_admin")
    with reading() as session:
        row = users.get(session, second.id)
        assert (row.is_active, user_views.wire(session, row)["roles"]) == (True, ["admin"])


def test_without_any_admin_other_changes_go_on():
    with transaction() as session:
        alice = add(session, "alice", "user")
        users.update(session, alice.id, {"is_active": False}, ROOT)


def test_nobody_does_to_themselves_what_others_must():
    with transaction() as session:
        alice, _ = person(session, "alice", "admin"), add(session, "bob", "admin")
    for change, kind, reason in (
        (lambda s: users.set_roles(s, alice.user_id, ["user"], alice), Forbidden, "own_roles"),
        (lambda s: users.delete(s, alice.user_id, alice), Conflict, "cannot_delete_self"),
        (
            lambda s: users.update(s, alice.user_id, {"is_active": False}, alice),
            Conflict,
            "cannot_disable_self",
        ),
        (lambda s: users.set_password(s, alice.user_id, PASSWORD, alice), Forbidden, None),
    ):
        with pytest.raises(kind) as error, transaction() as session:
            change(session)
        refused(error, reason)
    with transaction() as session:  # what changes nothing is no change
        users.update(session, alice.user_id, {"roles": ["admin"], "email": "a@b.de"}, alice)


@pytest.mark.parametrize(
    "change",
    [
        lambda s, u, w: users.create(s, {"username": "x", "roles": ["admin"]}, PASSWORD, w),
        lambda s, u, w: users.create(s, {"username": "x"}, PASSWORD, w),
        lambda s, u, w: users.set_roles(s, u["plain"], ["admin"], w),
        lambda s, u, w: users.set_roles(s, u["plain"], ["leads", "viewer"], w),
        lambda s, u, w: users.set_roles(s, u["admin"], ["leads"], w),
        lambda s, u, w: users.set_password(s, u["admin"], PASSWORD, w),
        lambda s, u, w: users.update(s, u["admin"], {"email": "mine@b.de"}, w),
        lambda s, u, w: users.update(s, u["admin"], {"is_active": False}, w),
        lambda s, u, w: users.delete(s, u["admin"], w),
    ],
)
def test_nobody_gives_or_takes_rights_beyond_their_own(change):
    with transaction() as session:
        lead = manager(session)
        ids = {"admin": add(session, "root", "admin").id, "plain": add(session, "plain").id}
        add(session, "second", "admin")
    with pytest.raises(Forbidden) as error, transaction() as session:
        change(session, ids, lead)
    assert refused(error, "privilege_escalation")["beyond"]


def test_within_their_rights_managers_manage():
    with transaction() as session:
        lead = manager(session)
        made = users.create(session, {"username": "x", "roles": ["leads"]}, PASSWORD, lead)
        users.set_password(session, made["id"], PASSWORD, lead)
        users.set_roles(session, made["id"], [], lead)
        users.delete(session, made["id"], lead)


def test_roles_are_given_by_those_who_may():
    with transaction() as session:
        lead = manager(session)
        clerk = who(session, add(session, "clerk"))
        clerk = type(clerk)(clerk.actor, frozenset({"user:manage"}), clerk.sight, clerk.user_id)
        users.create(session, {"username": "y", "roles": []}, PASSWORD, clerk)
        plain = add(session, "plain")
    for change in (
        lambda s: users.create(s, {"username": "x", "roles": ["leads"]}, PASSWORD, clerk),
        lambda s: users.update(s, plain.id, {"roles": ["leads"]}, clerk),
    ):
        with pytest.raises(Forbidden, match="role:assign"), transaction() as session:
            change(session)
    assert lead.may("role:assign")


def test_a_key_of_one_project_makes_nobody():
    sight = type(ROOT.sight)(everything=True, within="default")
    bound = type(ROOT)("key:p", ROOT.permissions, sight, key_id="2" * 32)
    with pytest.raises(Forbidden) as error, transaction() as session:
        users.create(session, {"username": "x", "roles": []}, PASSWORD, bound)
    refused(error, "privilege_escalation")


def test_unknown_roles_are_named():
    with pytest.raises(Invalid, match="unknown: boss, king"), transaction() as session:
        users.create(session, {"username": "x", "roles": ["king", "user", "boss"]}, PASSWORD, ROOT)


def test_users_are_listed_by_name_and_narrowed():
    with transaction() as session:
        for number, name in enumerate(("carol", "alice", "bob", "dan_x", "danyx")):
            user = add(session, name, "admin" if number < 2 else "user", email=f"{name}@b.de")
            user.is_active = name != "bob"
        users.delete(session, add(session, "gone").id, ROOT)

    def names(**filters):
        with reading() as session:
            found, cursor = [], None
            while True:
                wanted = Wanted(limit=2, cursor=cursor)
                page = user_views.page(session, wanted, UserFilters(**filters))
                found += [row["username"] for row in page.rows]
                if (cursor := page.next_cursor) is None:
                    assert page.total == len(found)
                    return found

    assert names() == ["alice", "bob", "carol", "dan_x", "danyx"]
    assert names(role="admin") == ["alice", "carol"]
    assert names(is_active=False) == ["bob"]
    assert names(search="DAN_") == ["dan_x"]
    assert names(search="bob@B") == ["bob"]
    assert names(search="%") == []
