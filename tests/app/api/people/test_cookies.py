"""A page's tokens are in cookies that no script reads; changes need more than the cookie."""

from http.cookies import SimpleCookie

import pytest

from app.domain.outbound import parse_networks
from app.factory import create_app
from app.services.people import csrf
from app.settings import Settings
from tests.support.api import refused, wish
from tests.support.people import PASSWORD, bearer, make_user, sign_in, signed_in

COOKIE = {"X-Session": "cookie"}


@pytest.fixture
def page(browser, alice):
    """A browser in which alice has signed in."""
    answer = sign_in(browser, X_Session="cookie")
    assert answer.status_code == 200, answer.text
    return browser


def cookies_of(answer):
    found = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        found.load(line)
    return found


def token_of(browser):
    return browser.get_cookie("oneoff_csrf").value


def header(browser):
    return {"X-CSRF-Token": token_of(browser)}


class TestCookies:
    def test_the_answer_holds_no_token(self, browser, alice):
        answer = sign_in(browser, X_Session="cookie")
        assert not {"token", "refresh_token"} & answer.json["data"].keys()
        found = cookies_of(answer)
        for name in ("oneoff_access", "oneoff_refresh"):
            assert found[name].value not in answer.text

    def test_each_goes_no_further_than_it_must(self, browser, alice):
        """S15."""
        found = cookies_of(sign_in(browser, X_Session="cookie"))
        assert {n: (m["path"], bool(m["httponly"]), m["samesite"]) for n, m in found.items()} == {
            "oneoff_access": ("/api", True, "Strict"),
            "oneoff_refresh": ("/api/auth", True, "Strict"),
            "oneoff_csrf": ("/", False, "Strict"),
        }
        assert not any(m["secure"] or m["domain"] for m in found.values())
        assert 895 <= int(found["oneoff_access"]["max-age"]) <= 900

    @pytest.mark.parametrize("way", ["tls", "proxy", "stranger"])
    def test_by_tls_they_are_secure(self, real_broker, alice, way):
        proxies = parse_networks("127.0.0.1" if way == "proxy" else "192.0.2.1")
        client = create_app(Settings(auth_enabled=True, trusted_proxies=proxies)).test_client()
        answer = client.post(
            "/api/auth/login",
            json={"username": "alice", "password": PASSWORD},
            headers=COOKIE | ({} if way == "tls" else {"X-Forwarded-Proto": "https"}),
            base_url="https://localhost" if way == "tls" else "http://localhost",
        )
        secure = {bool(m["secure"]) for m in cookies_of(answer).values()}
        assert secure == {way != "stranger"}
        assert ("Strict-Transport-Security" in answer.headers) is (way != "stranger")

    def test_they_let_in_and_are_taken_away(self, page):
        assert page.get("/api/jobs").status_code == 200
        answer = page.post("/api/auth/logout", headers=header(page))
        assert answer.json["data"]["sessions"] == 1
        assert {m["max-age"] for m in cookies_of(answer).values()} == {"0"}
        assert page.get_cookie("oneoff_access", path="/api") is None
        refused(page.get("/api/jobs"), 401)

    def test_a_session_is_never_taken_over_from_before(self, page):
        """S15: what was in the browser before signing in is worth nothing afterwards."""
        before = page.get_cookie("oneoff_access", path="/api").value
        session = page.get("/api/auth/me").json["data"]["session_id"]
        answer = sign_in(page, X_Session="cookie")
        assert answer.json["data"]["session_id"] != session
        assert page.get_cookie("oneoff_access", path="/api").value != before

    def test_they_are_renewed(self, page):
        before = page.get_cookie("oneoff_refresh", path="/api/auth").value
        answer = page.post("/api/auth/refresh", headers=header(page))
        assert answer.status_code == 200, answer.text
        assert "refresh_token" not in answer.json["data"]
        assert page.get_cookie("oneoff_refresh", path="/api/auth").value != before
        assert page.get("/api/jobs").status_code == 200

    def test_without_any_it_is_said(self, browser):
        answer = browser.post("/api/auth/refresh", headers=COOKIE)
        assert refused(answer, 401)["code"] == "UNAUTHENTICATED"

    def test_a_new_password_comes_with_new_ones(self, page):
        body = {"current_password": PASSWORD, "new_password": "velvet canyon thirty owls"}
        before = page.get_cookie("oneoff_access", path="/api").value
        answer = page.post("/api/auth/password", json=body, headers=header(page))
        assert answer.status_code == 200, answer.text
        assert "token" not in answer.json["data"]
        assert page.get_cookie("oneoff_access", path="/api").value != before
        assert page.get("/api/jobs").status_code == 200

    def test_a_header_is_what_counts(self, page):
        make_user("bob", "viewer")
        bob = bearer(signed_in(page.application.test_client(), "bob"))
        assert page.get("/api/auth/me", headers=bob).json["data"]["username"] == "bob"
        refused(page.get("/api/auth/me", headers={"X-API-Key": "x"}), 401)
        refused(page.get("/api/auth/me", headers=bearer("x")), 401)

    def test_a_proxy_s_own_login_does_not_hide_them(self, page):
        answer = page.get("/api/auth/me", headers={"Authorization": "Basic YTpi"})
        assert answer.status_code == 200

    def test_one_that_is_no_token_is_refused(self, browser):
        for value in ("", "x", "oneoff_" + "0" * 64, "a.b.c"):
            browser.set_cookie("oneoff_access", value, path="/api")
            refused(browser.get("/api/jobs"), 401)


CHANGES = [
    ("POST", "/api/jobs", wish),
    ("POST", "/api/auth/logout-all", dict),
    ("POST", "/api/auth/logout", lambda: None),
    ("POST", "/api/auth/refresh", lambda: None),
    ("PATCH", "/api/system/config", lambda: {"key": "default_priority", "value": "6"}),
    ("DELETE", "/api/jobs/0", lambda: None),
]


class TestForgery:
    """S66."""

    @pytest.mark.parametrize(("method", "path", "body"), CHANGES)
    @pytest.mark.parametrize("given", [None, "", "0" * 64, "other", "é"])
    def test_a_change_needs_the_session_s_token(self, page, method, path, body, given):
        before = page.get("/api/jobs").json["total"]
        if given == "other":
            given = csrf.of_session("0" * 32)
        headers = {} if given is None else {"X-CSRF-Token": given.encode().decode("latin-1")}
        answer = page.open(path, method=method, json=body(), headers=headers)
        assert refused(answer, 403)["code"] == "CSRF_FAILED"
        assert page.get("/api/jobs").json["total"] == before
        assert page.get("/api/auth/sessions").json["total"] == 1

    def test_with_it_the_change_is_made(self, page):
        answer = page.post("/api/jobs", json=wish(), headers=header(page))
        assert answer.status_code == 201, answer.text
        assert answer.json["data"]["created_by"] == "user:alice"

    def test_a_cookie_that_an_attacker_has_set_is_not_enough(self, page):
        """The header is held against the session, not against the cookie beside it."""
        page.set_cookie("oneoff_csrf", "0" * 64)
        answer = page.post("/api/jobs", json=wish(), headers=header(page))
        assert refused(answer, 403)["code"] == "CSRF_FAILED"

    @pytest.mark.parametrize(
        "headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}]
    )
    def test_a_foreign_page_is_refused_even_with_it(self, page, headers):
        answer = page.post("/api/jobs", json=wish(), headers=header(page) | headers)
        assert refused(answer, 403)["code"] == "UNAUTHORIZED"

    @pytest.mark.parametrize(
        "kind",
        ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"],
    )
    @pytest.mark.parametrize("path", ["/api/jobs", "/api/auth/login", "/api/auth/refresh"])
    def test_no_form_is_taken(self, page, kind, path):
        answer = page.post(path, data="{}", content_type=kind, headers=header(page))
        refused(answer, 415)

    def test_a_token_in_a_header_needs_none(self, page, guarded):
        tokens = signed_in(guarded)
        made = page.post("/api/jobs", json=wish(), headers=bearer(tokens))
        assert made.status_code == 201

    def test_signing_in_again_needs_none(self, page):
        assert sign_in(page, X_Session="cookie").status_code == 200

    def test_no_get_changes_anything(self, page):
        for rule in page.application.url_map.iter_rules():
            if rule.endpoint.startswith(("sign_in.", "me.")) and "GET" in rule.methods:
                assert rule.endpoint in {"me.get_me", "me.list_sessions"}
