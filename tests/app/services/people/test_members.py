"""Members of projects."""

import pytest

from app.db import reading, transaction
from app.domain.errors import Forbidden, NotFound
from app.services import projects
from app.services.access import rights
from app.services.listing import Wanted
from app.services.people import members, users
from tests.app.services.people.test_users import epoch
from tests.support.persons import ROOT, add, details_of, manager, person, who

pytestmark = pytest.mark.usefixtures("database")


def names(project_id, asker=ROOT):
    with reading() as session:
        page = members.page(session, project_id, Wanted(), asker)
    assert page.total == len(page.rows)
    return [row["username"] for row in page.rows]


def test_members_come_and_go_and_it_holds_at_once():
    with transaction() as session:
        alice, bob = add(session, "alice", "user"), add(session, "bob", "user")
    before = epoch()
    with transaction() as session:
        for user in (bob, alice, alice):  # twice is once
            members.add(session, "default", user.id, ROOT)
    assert names("default") == ["alice", "bob"]
    assert epoch() > before
    with reading() as session:
        assert rights.of_user(session, alice.id).projects == {"default"}
    between = epoch()
    with transaction() as session:
        members.remove(session, "default", alice.id, ROOT)
    assert epoch() > between
    with pytest.raises(NotFound, match="no member"), transaction() as session:
        members.remove(session, "default", alice.id, ROOT)
    with transaction() as session:
        users.delete(session, bob.id, ROOT)
    assert names("default") == []


def test_what_is_not_there_is_not_found():
    with transaction() as session:
        alice = add(session, "alice")
    for project_id, user_id in (("f" * 32, alice.id), ("default", "f" * 32), ("x", "y")):
        with pytest.raises(NotFound), transaction() as session:
            members.add(session, project_id, user_id, ROOT)


def test_nobody_gives_a_project_that_is_hidden_from_them():
    with transaction() as session:
        lead, alice = manager(session), add(session, "alice")
        mine = projects.create(session, {"name": "mine"})["id"]
        members.add(session, mine, lead.user_id, ROOT)
        lead = who(session, users.get(session, lead.user_id))
    for do in (
        lambda s: members.add(s, "default", alice.id, lead),
        lambda s: members.remove(s, "default", alice.id, lead),
        lambda s: members.page(s, "default", Wanted(), lead),
    ):
        with pytest.raises(NotFound, match="Project not found"), transaction() as session:
            do(session)
    with transaction() as session:
        members.add(session, mine, alice.id, lead)
    assert names(mine, lead) == ["alice", "lead"]


def test_nobody_makes_themselves_a_member():
    with transaction() as session:
        root = person(session, "root", "admin")
    with pytest.raises(Forbidden) as error, transaction() as session:
        members.add(session, "default", root.user_id, root)
    assert details_of(error)["reason"] == "own_roles"
