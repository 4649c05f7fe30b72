"""Signing in through an identity provider: a real one, and a real browser's way there and back."""

from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from app.db import reading
from app.domain import clock
from app.gateways import cipher
from app.models import SpentState
from app.services.people import identity_provider, tidying
from tests.support.oidc_browser import (
    CALLBACK,
    START,
    enter,
    on_the_way,
    refused,
    told,
    user,
)
from tests.support.people import notes


class TestTheWay:
    def test_a_person_comes_in_and_is_known_again(self, browse):
        browser = browse()
        first = enter(browser)
        assert (first["actor"], first["roles"]) == ("user:alice", ["user"])
        assert (first["email"], first["must_change_password"]) == ("alice@example.com", False)
        browser.cookies.clear()
        again = enter(browser)
        assert (again["id"], again["roles"]) == (first["id"], ["user"])
        assert again["session_id"] != first["session_id"]
        row = user()
        assert (row.password_hash, row.subject, row.created_by) == (None, "f:1234:alice", "oidc")
        done = notes("auth.login")
        assert [(n.actor, n.result) for n in done] == [("user:alice", "done")] * 2
        assert '"how":"oidc"' in done[0].detail
        (made,) = notes("users.create_user")
        assert (made.actor, made.target_name) == ("oidc", "alice")

    def test_the_cookies_are_those_of_the_sign_in_page(self, browse):
        browser = browse()
        back = on_the_way(browser)
        answer = browser.get(back, follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/")
        set_by_us = {c.partition("=")[0]: c for c in answer.headers.get_list("set-cookie")}
        assert set_by_us.keys() == {"oneoff_access", "oneoff_refresh", "oneoff_csrf", "oneoff_oidc"}
        assert all("SameSite=Strict" in set_by_us[f"oneoff_{n}"] for n in ("access", "refresh"))
        assert all("HttpOnly" in set_by_us[f"oneoff_{n}"] for n in ("access", "refresh"))
        assert "Max-Age=0" in set_by_us["oneoff_oidc"]
        csrf = {"X-CSRF-Token": browser.cookies["oneoff_csrf"]}
        assert browser.post("/api/auth/refresh", headers=csrf).status_code == 200
        assert browser.post("/api/auth/logout", headers=csrf).status_code == 200

    def test_what_is_brought_along_can_be_read_by_nobody(self, browse):
        answer = browse().get(START, follow_redirects=False)
        (cookie,) = answer.headers.get_list("set-cookie")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/api/auth/oidc;" in cookie
        assert "Max-Age=600" in cookie
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert not any(asked[name][0] in cookie for name in ("state", "nonce"))
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "place",
        ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)", "/%0d%0a\t/x"],
    )
    def test_nobody_is_led_off_the_site(self, browse, place):
        browser = browse()
        answer = browser.get(on_the_way(browser, next=place), follow_redirects=False)
        target = answer.headers["Location"]
        assert target == "/" or (place.startswith("/%") and target == place), target

    def test_a_client_may_show_its_secret_in_the_body(self, browse, provider):
        ways = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        provider.turn(metadata=ways)
        assert enter(browse())["username"] == "alice"

    def test_a_public_client_has_no_secret(self, browse, provider):
        provider.turn(metadata={"token_endpoint_auth_methods_supported": ["none"]})
        assert enter(browse(oidc_client_secret=""))["username"] == "alice"

    def test_a_wrong_secret_is_a_failure(self, browse):
        detail = refused(browse(oidc_client_secret="other"), "provider_failed")
        assert "invalid_client" in detail


class TestTheButton:
    def test_the_page_and_programs_know_of_the_provider(self, browse):
        browser = browse()
        methods = browser.get("/api/auth/methods").json()["data"]
        assert methods == {"password": True, "oidc": {"name": "Keycloak", "url": START}}
        page = browser.get("/login?next=/api/jobs%3Flimit%3D1%26offset%3D2").text
        link = f'{START}?next=/api/jobs%3Flimit%3D1%26offset%3D2">Sign in with Keycloak'
        assert link in page
        assert "Đăng nhập bằng Keycloak" in browser.get("/login?lang=vi").text

    def test_without_a_provider_there_is_none(self, browse):
        browser = browse(oidc_issuer="", oidc_client_id="")
        assert browser.get("/api/auth/methods").json()["data"]["oidc"] is None
        assert START not in browser.get("/login").text
        assert browser.get(START).status_code == 404
        assert browser.get(CALLBACK).status_code == 404

    def test_while_authentication_is_off_nobody_needs_it(self, browse):
        browser = browse(auth_enabled=False)
        assert browser.get("/api/auth/methods").json()["data"] == {"password": False, "oidc": None}
        assert browser.get(START).status_code == 409

    def test_only_texts_of_ours_are_shown(self, browse):
        browser = browse()
        for name in ("title", "wrong", "<b>", "__class__"):
            assert 'id="fault"' not in browser.get("/login", params={"refused": name}).text

    def test_names_are_shown_as_texts(self, browse):
        page = browse(oidc_name="<b>{title}").get("/login?refused=provider_away").text
        assert "<b>" not in page
        assert "Sign in with &lt;b&gt;{title}" in page


class TestState:
    def test_nobody_comes_in_by_an_address_alone(self, browse):
        browser = browse()
        back = on_the_way(browser)
        stranger = browse(browser.base_url)
        assert "under way" in told(stranger.get(back), stranger, "provider_stale")

    def test_nor_with_the_cookie_of_another_sign_in(self, browse):
        victim, attacker = browse(), None
        attacker = browse(victim.base_url)
        theirs = on_the_way(attacker)
        on_the_way(victim)
        assert "wrong state" in told(victim.get(theirs), victim, "provider_stale")

    @pytest.mark.parametrize("state", ["", "x", "é", "x" * 5000])
    def test_nor_by_a_state_of_ones_own(self, browse, state):
        browser = browse()
        on_the_way(browser)
        answer = browser.get(CALLBACK, params={"state": state, "code": "x"})
        told(answer, browser, "provider_stale")

    @pytest.mark.parametrize("change", ["cut", "other", "long", "moved"])
    def test_nor_by_a_forged_cookie(self, browse, change):
        browser = browse()
        back = on_the_way(browser)
        cookie = browser.cookies["oneoff_oidc"]
        forged = {
            "cut": cookie[:-9],
            "other": "v1:00000000:AAAA",
            "long": "a" * 6000,
            "moved": cipher.current().encrypt("[]", "password ticket:x"),
        }[change]
        browser.cookies.clear()
        answer = browser.get(back, headers={"Cookie": f"oneoff_oidc={forged}"})
        told(answer, browser, "provider_stale")

    def test_a_sign_in_comes_back_once(self, browse, provider):
        browser = browse()
        back = on_the_way(browser)
        cookie = {"Cookie": f"oneoff_oidc={browser.cookies['oneoff_oidc']}"}
        assert browser.get(back, follow_redirects=False).headers["Location"] == "/"
        thief = browse(browser.base_url)
        assert "used before" in told(thief.get(back, headers=cookie), thief, "provider_stale")
        assert provider.asked("token") == 1

    def test_it_comes_back_in_time(self, browse, monkeypatch):
        browser = browse()
        back = on_the_way(browser)
        real = clock.now
        late = lambda: real() + identity_provider.VALID  # noqa: E731
        monkeypatch.setattr(identity_provider, "now", late)
        told(browser.get(back), browser, "provider_stale")

    def test_what_was_spent_is_forgotten_when_it_counts_no_more(self, browse, monkeypatch):
        enter(browse())
        tidying.purge_in_batches()
        count = sa.select(sa.func.count()).select_from(SpentState)
        with reading() as session:
            assert session.scalar(count) == 1
        real = clock.now
        later = lambda: real() + 3 * identity_provider.VALID  # noqa: E731
        monkeypatch.setattr(identity_provider, "now", later)
        tidying.purge_in_batches()
        with reading() as session:
            assert session.scalar(count) == 0
