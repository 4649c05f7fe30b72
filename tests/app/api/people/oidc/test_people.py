"""Who people of the identity provider are here, and what they may do."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from app.db import reading, transaction
from app.domain import clock
from app.models import User
from app.services.people import roles
from tests.support.oidc_browser import (
    enter,
    is_over,
    on_the_way,
    refused,
    sign,
    sign_in_status,
    user,
    wait,
)
from tests.support.people import make_user, notes
from tests.support.persons import ROOT


class TestPeople:
    @pytest.mark.parametrize("name", ["alice", "ALICE", "alice@corp.example"])
    def test_nobody_becomes_somebody_else_by_a_name(self, browse, provider, name):
        local = make_user("alice", "admin", email="alice@example.com")
        provider.person(preferred_username=name)
        detail = refused(browse(), "name_taken")
        assert '"subject":"f:1234:alice"' in detail
        assert user().issuer is None
        assert user().id == local.id

    def test_nor_by_the_name_of_somebody_deleted(self, browse, provider):
        make_user("alice", is_active=False, deleted_at=clock.now())
        refused(browse(), "name_taken")

    def test_an_address_that_somebody_else_has_is_left_out(self, browse):
        make_user("bob", "user", email="alice@example.com")
        assert enter(browse())["email"] is None

    def test_an_address_that_was_not_checked_is_left_out(self, browse, provider):
        provider.person(email_verified=False)
        assert enter(browse())["email"] is None

    def test_an_address_changes_with_the_next_sign_in(self, browse, provider):
        browser = browse()
        enter(browser)
        provider.person(email="alice@new.example", preferred_username="other")
        again = enter(browser)
        assert (again["username"], again["email"]) == ("alice", "alice@new.example")

    @pytest.mark.parametrize(
        "over", [{"is_active": False}, {"deleted_at": clock.now()}], ids=["off", "deleted"]
    )
    def test_who_was_shut_out_stays_out(self, browse, over):
        browser = browse()
        enter(browser)
        with transaction() as session:
            session.execute(sa.update(User).values(**over))
        browser.cookies.clear()
        assert "disabled" in refused(browser, "disabled")

    @pytest.mark.parametrize(
        "over", [{"preferred_username": "", "email": None}, {"preferred_username": "@@"}], ids=str
    )
    def test_who_has_no_name_is_not_made(self, browse, provider, over):
        provider.person(**over)
        refused(browse(), "no_name")

    def test_an_admin_links_a_user_who_then_has_no_password(self, browse, provider):
        make_user("root", "admin")
        alice = make_user("alice", "admin")
        browser = browse()
        token = sign(browser, "root")
        before = sign(browser, "alice")
        body = {"issuer": provider.address, "subject": "f:1234:alice"}
        answer = browser.patch(f"/api/users/{alice.id}", json=body, headers=token)
        assert answer.status_code == 200, answer.text
        linked = answer.json()["data"]
        assert (linked["is_external"], linked["has_password"]) == (True, False)
        assert (linked["issuer"], linked["subject"]) == (body["issuer"], body["subject"])
        is_over(browser, before)
        assert sign_in_status(browser, "alice") == 401
        provider.person(realm_access={"roles": ["jobs-viewer"]})
        entered = enter(browser)
        assert (entered["id"], entered["roles"]) == (alice.id, ["viewer"])
        self.check_no_password(browser, alice, token)
        bare = {"issuer": None, "subject": None}
        assert browser.patch(f"/api/users/{alice.id}", json=bare, headers=token).status_code == 200
        other = {"new_password": "velvet canyon thirty owls"}
        answer = browser.put(f"/api/users/{alice.id}/password", json=other, headers=token)
        assert answer.status_code == 200

    def check_no_password(self, browser, alice, token):
        csrf = {"X-CSRF-Token": browser.cookies["oneoff_csrf"]}
        body = {"current_password": "x", "new_password": "velvet canyon thirty owls"}
        own = browser.post("/api/auth/password", json=body, headers=csrf)
        by_admin = browser.put(f"/api/users/{alice.id}/password", json={}, headers=token)
        for answer in (own, by_admin):
            assert answer.status_code == 409, answer.text
            assert "identity provider" in answer.json()["error"]

    @pytest.mark.parametrize(
        ("body", "status", "field"),
        [
            ({"issuer": "https://another.test", "subject": "x"}, 400, "issuer"),
            ({"issuer": "ftp://x", "subject": "x"}, 400, "issuer"),
            ({"subject": "x"}, 400, "issuer"),
            ({"issuer": "https://another.test"}, 400, "subject"),
            ({"issuer": None}, 400, "subject"),
            ({"issuer": "SAME", "subject": "\0"}, 400, "subject"),
            ({"issuer": "SAME", "subject": "f:1234:alice"}, 409, None),
        ],
        ids=str,
    )
    def test_a_link_that_can_t_be_is_refused(self, browse, provider, body, status, field):
        make_user("root", "admin")
        bob = make_user("bob", "user")
        browser = browse()
        enter(browser)
        given = {n: provider.address if v == "SAME" else v for n, v in body.items()}
        browser.cookies.clear()
        answer = browser.patch(f"/api/users/{bob.id}", json=given, headers=sign(browser, "root"))
        assert answer.status_code == status, answer.text
        if field:
            assert [fault["field"] for fault in answer.json()["details"]] == [field]

    def test_who_comes_by_many_ways_at_once_is_one(self, browse):
        browsers = [browse()]
        browsers += [browse(browsers[0].base_url) for _ in range(4)]
        backs = [on_the_way(browser) for browser in browsers]
        with ThreadPoolExecutor(5) as pool:
            answers = list(pool.map(httpx.Client.get, browsers, backs))
        assert {answer.url.path for answer in answers} <= {"/", "/docs"}
        with reading() as session:
            assert len(session.scalars(sa.select(User.id)).all()) == 1
        assert len(notes("users.create_user")) == 1
        assert len(notes("auth.login")) == 5


class TestRoles:
    def test_they_change_with_the_next_sign_in(self, browse, provider):
        make_user("root", "admin")
        browser = browse()
        enter(browser)
        other = browse(browser.base_url)
        provider.person(realm_access={"roles": ["jobs-admin", "jobs-viewer", "unheard-of"]})
        assert enter(other)["roles"] == ["admin", "viewer"]
        (change,) = notes("users.set_user_roles")
        assert '"before":["user"]' in change.detail
        assert '"after":["admin","viewer"]' in change.detail
        poll = lambda: browser.get("/api/auth/me").json()["data"]["roles"]  # noqa: E731
        assert poll() == ["admin", "viewer"]  # the first session goes on
        enter(other)
        assert len(notes("users.set_user_roles")) == 1

    def test_who_has_none_is_not_made(self, browse, provider):
        provider.person(realm_access={"roles": ["unheard-of"]})
        refused(browse(), "no_role")
        assert user() is None

    def test_who_loses_all_of_them_is_refused_and_may_do_nothing(self, browse, provider):
        browser = browse()
        enter(browser)
        provider.person(realm_access={})
        stranger = browse(browser.base_url)
        refused(stranger, "no_role")
        assert browser.get("/api/auth/me").json()["data"]["roles"] == []
        wait(lambda: browser.get("/api/jobs").status_code == 403)

    def test_the_default_is_for_those_who_have_none(self, browse, provider):
        browser = browse(oidc_default_role="viewer")
        assert enter(browser)["roles"] == ["user"]
        provider.person(realm_access={"roles": []})
        assert enter(browser)["roles"] == ["viewer"]

    def test_without_a_map_they_are_looked_after_here(self, browse, provider):
        browser = browse(oidc_default_role="viewer", oidc_role_map="")
        assert enter(browser)["roles"] == ["viewer"]
        make_user("root", "admin")
        path = f"/api/users/{user().id}/roles"
        token = sign(browser, "root")
        answer = browser.put(path, json={"roles": ["operator"]}, headers=token)
        assert answer.status_code == 200, answer.text
        browser.cookies.clear()
        assert enter(browser)["roles"] == ["operator"]

    def test_the_last_active_admin_stays_one(self, browse, provider):
        provider.person(realm_access={"roles": ["jobs-admin"]})
        browser = browse()
        enter(browser)
        provider.person(realm_access={"roles": ["jobs-user"]})
        assert enter(browser)["roles"] == ["admin", "user"]
        make_user("root", "admin")
        assert enter(browser)["roles"] == ["user"]

    def test_roles_of_ones_own_and_claims_elsewhere(self, browse, provider):
        with transaction() as session:
            roles.create(session, {"name": "lead", "permissions": ["job:read"]}, ROOT)
        provider.person(resource_access={"one.off": {"roles": ["boss"]}})
        browser = browse(
            oidc_roles_claim="resource_access.one.off.roles",
            oidc_role_map="boss=lead,boss=user,boss=not-there",
        )
        assert enter(browser)["roles"] == ["lead", "user"]
