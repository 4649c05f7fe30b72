"""Two who change people at the same moment, each in a unit of work of its own."""

import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain.errors import Conflict
from app.models import User
from app.services.listing import Wanted
from app.services.people import setup, user_views, users
from app.services.people.user_views import UserFilters
from tests.app.services.test_job_races import behind, together
from tests.support.persons import PASSWORD, ROOT, add, person

pytestmark = pytest.mark.usefixtures("database")


def outcome(act):
    """Return what came of a unit of work: ``done``, or the reason of its refusal."""
    try:
        with transaction() as session:
            act(session)
    except Conflict as error:
        return vars(error)["details"]["reason"]
    return "done"


def admins():
    with reading() as session:
        page = user_views.page(session, Wanted(), UserFilters(is_active=True, role="admin"))
    return page.total


@pytest.mark.parametrize(
    "takes_away",
    [
        lambda s, user_id, who: users.set_roles(s, user_id, ["user"], who),
        lambda s, user_id, who: users.update(s, user_id, {"is_active": False}, who),
        users.delete,
    ],
)
def test_of_two_admins_who_remove_each_other_one_stays(takes_away):
    with transaction() as session:
        first, second = person(session, "first", "admin"), person(session, "second", "admin")
    later = behind(
        lambda session: takes_away(session, second.user_id, first),
        lambda: outcome(lambda session: takes_away(session, first.user_id, second)),
    )
    assert later == "last_admin"
    assert admins() == 1


def test_of_many_who_remove_all_admins_one_is_too_late():
    with transaction() as session:
        made = [add(session, f"a{number}", "admin").id for number in range(6)]
    ends = together(
        6, lambda n: outcome(lambda session: users.set_roles(session, made[n], ["user"], ROOT))
    )
    assert sorted(ends) == ["done"] * 5 + ["last_admin"]
    assert admins() == 1


def test_of_twenty_who_make_the_first_admin_one_does():
    def one(number):
        values = {"username": f"root{number}"}
        return outcome(lambda session: setup.make_admin(session, values, PASSWORD, None))

    assert sorted(together(20, one)) == ["already_initialised"] * 19 + ["done"]
    assert admins() == 1


@pytest.mark.parametrize("field", ["username", "email"])
def test_of_ten_who_want_a_name_or_an_address_one_gets_it(field):
    def one(number):
        values = {"username": f"u{number}", "email": f"u{number}@b.de", field: "same@b.de"}
        if field == "username":
            values["username"] = "same"
        return outcome(lambda session: users.create(session, values, PASSWORD, ROOT))

    assert sorted(together(10, one)) == ["done"] + [f"{field}_taken"] * 9
    with reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(User)) == 1
