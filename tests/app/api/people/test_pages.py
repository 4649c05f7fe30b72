"""The sign-in page: no JavaScript, two languages, and no way to be misled by it."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from app.api.people.page_texts import TEXTS
from app.db import transaction
from app.domain import clock
from app.factory import create_app
from app.models import User
from app.services.people import csrf, password_tickets
from app.settings import Settings
from tests.support.api import refused
from tests.support.people import OTHER_PASSWORD, PASSWORD, make_user, notes, quick_hash

EN = TEXTS["en"]


class Form(HTMLParser):
    """The fields of a page with their values, and its labels."""

    def __init__(self, text):
        super().__init__()
        self.fields, self.ids, self.labels, self.tags = {}, set(), set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag == "input":
            self.fields[given["name"]] = given.get("value", "")
            if given.get("type") != "hidden" and "aria-label" not in given:
                self.ids.add(given["id"])
        if tag == "label":
            self.labels.add(given["for"])


def shown(answer, status=200):
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "text/html"
    return Form(answer.text)


def open_page(browser, **query):
    return shown(browser.get("/login", query_string=query))


def submit(browser, form, headers=None, **over):
    data = {name: value for name, value in (form.fields | over).items() if value is not None}
    return browser.post("/login", data=data, headers=headers or {})


def fill_in(browser, username="alice", password=PASSWORD, **query):
    return submit(browser, open_page(browser, **query), username=username, password=password)


class TestSigningIn:
    def test_it_leads_to_where_one_wanted_to_go(self, browser, alice):
        answer = fill_in(browser, next="/api/jobs?limit=1")
        assert (answer.status_code, answer.headers["Location"]) == (303, "/api/jobs?limit=1")
        assert browser.get("/api/auth/me").json["data"]["username"] == "alice"
        assert browser.get_cookie("oneoff_form", path="/login") is None
        (note,) = notes("auth.login")
        assert (note.actor, note.result) == ("user:alice", "done")

    @pytest.mark.parametrize("name", ["alice", "nobody", "disabled", "<script>alert(1)</script>"])
    def test_all_failures_read_the_same(self, browser, alice, name):
        make_user("disabled", "admin", is_active=False)
        password = PASSWORD if name == "disabled" else OTHER_PASSWORD
        answer = fill_in(browser, name, password)
        form = shown(answer, 401)
        assert EN.wrong in answer.text
        assert "<script" not in answer.text
        assert form.fields["username"] == name
        assert password not in answer.text
        assert "oneoff_access" not in str(answer.headers)

    def test_a_lock_says_for_how_long(self, browser, alice):
        for _ in range(5):
            shown(fill_in(browser, password="wrong"), 401)
        answer = fill_in(browser)
        shown(answer, 429)
        assert EN.locked.format(minutes=15) in answer.text
        assert int(answer.headers["Retry-After"]) <= 900

    @pytest.mark.parametrize(
        "over", [{"password": "p" * 129}, {"username": "a" * 201}, {"username": "a\0"}]
    )
    def test_what_can_t_be_right_is_just_wrong(self, browser, alice, over):
        shown(
            submit(browser, open_page(browser), **{"username": "alice", "password": "x"} | over),
            401,
        )

    def test_an_ended_session_is_announced(self, browser):
        assert EN.expired in browser.get("/login?expired=1").text
        assert EN.expired not in browser.get("/login?expired=2").text

    def test_without_authentication_there_is_nothing_to_sign_in_to(self, client):
        answer = client.get("/login?next=/docs")
        assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
        refused(client.post("/login", data={}), 409)

    def test_a_large_form_is_refused(self, browser, alice):
        answer = submit(browser, open_page(browser), username="a" * 20_000, password="x")
        assert answer.status_code == 413


class TestForgery:
    """S66."""

    def test_a_form_of_elsewhere_is_not_taken(self, browser, alice):
        form = open_page(browser)
        for token in (None, "", "0" * 64, csrf.of_form("0" * 64), "é"):
            answer = submit(browser, form, username="alice", password=PASSWORD, csrf_token=token)
            shown(answer, 403)
            assert EN.stale in answer.text
            assert "oneoff_access" not in str(answer.headers)
        assert notes("auth.login") == []

    def test_nor_one_without_its_cookie(self, browser, alice):
        form = open_page(browser)
        browser.delete_cookie("oneoff_form", path="/login")
        answer = submit(browser, form, username="alice", password=PASSWORD)
        again = shown(answer, 403)
        assert submit(browser, again, username="alice", password=PASSWORD).status_code == 303

    @pytest.mark.parametrize("cookie", ["x", "0" * 63, "A" * 64])
    def test_nor_one_with_a_cookie_that_we_never_made(self, browser, alice, cookie):
        browser.set_cookie("oneoff_form", cookie, path="/login")
        data = {"csrf_token": csrf.of_form(cookie), "username": "alice", "password": PASSWORD}
        assert browser.post("/login", data=data).status_code == 403

    @pytest.mark.parametrize(
        "headers",
        [{"Origin": "https://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
    )
    def test_nor_one_that_a_foreign_page_sends(self, browser, alice, headers):
        answer = submit(browser, open_page(browser), headers, username="alice", password=PASSWORD)
        refused(answer, 403)

    def test_browsers_may_say_where_our_own_form_was(self, browser):
        """With no-referrer they would send "Origin: null" with it, and be refused."""
        assert browser.get("/login").headers["Referrer-Policy"] == "same-origin"

    @pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x"])
    def test_other_forms_are_not_read(self, browser, kind):
        refused(browser.post("/login", data="a=b", content_type=kind), 415)

    def test_two_pages_at_once_both_work(self, browser, alice):
        first, _ = open_page(browser), open_page(browser)
        assert submit(browser, first, username="alice", password=PASSWORD).status_code == 303

    @pytest.mark.parametrize(
        "place",
        [
            "//evil.test",
            "https://evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "javascript:alert(1)",
            "evil",
        ],
    )
    def test_nobody_is_led_elsewhere(self, browser, alice, place):
        form = open_page(browser, next=place)
        assert form.fields["next"] == "/"
        answer = submit(browser, form, username="alice", password=PASSWORD, next=place)
        assert answer.headers["Location"] == "/"


class TestNewPassword:
    @pytest.fixture
    def second(self, browser, database):
        """The second form, for somebody whose password an admin has set."""
        make_user("new", "admin", must_change_password=True)
        answer = fill_in(browser, "new", next="/docs")
        form = shown(answer)
        assert EN.change_title in answer.text
        assert "oneoff_access" not in str(answer.headers)
        return form

    def choose(self, browser, form, new=OTHER_PASSWORD, repeat=None, **over):
        repeat = new if repeat is None else repeat
        return submit(browser, form, new_password=new, repeat=repeat, **over)

    def test_the_new_one_signs_in(self, browser, second):
        answer = self.choose(browser, second)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/docs")
        me = browser.get("/api/auth/me").json["data"]
        assert (me["username"], me["must_change_password"]) == ("new", False)
        assert browser.get("/api/jobs").status_code == 200
        assert fill_in(browser, "new").status_code == 401
        assert fill_in(browser, "new", OTHER_PASSWORD).status_code == 303

    @pytest.mark.parametrize(
        ("new", "repeat", "says"),
        [
            (OTHER_PASSWORD, "x", "different"),
            ("hunter2", "hunter2", "weak"),
            ("password123", "password123", "weak"),
            (PASSWORD, PASSWORD, "same"),
            ("p" * 129, "p" * 129, "long"),
        ],
    )
    def test_what_will_not_do_is_said_and_can_be_mended(self, browser, second, new, repeat, says):
        answer = self.choose(browser, second, new, repeat)
        again = shown(answer, 400)
        assert getattr(EN, says) in answer.text
        assert new not in answer.text
        assert self.choose(browser, again).status_code == 303

    def test_its_ticket_is_good_for_one_new_password(self, browser, second):
        assert self.choose(browser, second).status_code == 303
        fresh = open_page(browser)
        over = {"csrf_token": fresh.fields["csrf_token"]}
        shown(self.choose(browser, second, "another one entirely 77", **over), 403)

    def test_a_password_that_was_set_meanwhile_voids_it(self, browser, second):
        with transaction() as session:
            user = session.query(User).filter_by(username="new").one()
            user.password_hash = quick_hash("set by the admin again")
        shown(self.choose(browser, second), 403)

    def test_it_belongs_to_one_browser_and_ends(self, browser, second, monkeypatch):
        other = browser.application.test_client()
        token = open_page(other).fields["csrf_token"]
        shown(self.choose(other, second, csrf_token=token), 403)
        late = clock.now() + timedelta(minutes=10, seconds=1)
        monkeypatch.setattr(password_tickets, "now", lambda: late)
        shown(self.choose(browser, second), 403)

    @pytest.mark.parametrize("ticket", ["", "x", "v1:00000000:AAAA", "x" * 2000])
    def test_one_that_we_never_made_is_nothing(self, browser, alice, ticket):
        form = open_page(browser)
        shown(self.choose(browser, form, ticket=ticket), 403)


class TestLook:
    @pytest.mark.parametrize("lang", ["en", "vi"])
    @pytest.mark.parametrize("expired", ["", "1"])
    def test_every_field_has_its_label_and_nothing_is_inline(self, browser, lang, expired):
        answer = browser.get("/login", query_string={"lang": lang, "expired": expired})
        form = shown(answer)
        assert form.ids == form.labels == {"username", "password"}
        assert not [
            tag for tag, given in form.tags if tag in {"script", "style"} or "style" in given
        ]
        assert not re.search(r"\son\w+=", answer.text)
        assert ("html", {"lang": lang}) in form.tags
        policy = answer.headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        ("accepts", "lang", "expected"),
        [
            ("vi-VN,vi;q=0.9,en;q=0.5", "", "vi"),
            ("en-GB", "", "en"),
            ("fr", "", "en"),
            ("", "", "en"),
            ("vi", "en", "en"),
            ("en", "vi", "vi"),
            ("vi", "xx", "vi"),
        ],
    )
    def test_it_speaks_the_language_of_whoever_reads(self, browser, accepts, lang, expected):
        query = {"lang": lang} if lang else {}
        answer = browser.get("/login", query_string=query, headers={"Accept-Language": accepts})
        assert TEXTS[expected].title in answer.text
        assert answer.headers["Content-Language"] == expected

    def test_the_language_stays_with_the_form(self, browser, alice):
        form = open_page(browser, lang="vi")
        action = next(given["action"] for tag, given in form.tags if tag == "form")
        data = form.fields | {"username": "alice", "password": "x"}
        assert TEXTS["vi"].wrong in browser.post(action, data=data).text

    def test_how_it_looks_is_a_file(self, browser):
        with browser.get("/login/style.css") as answer:
            assert (answer.status_code, answer.mimetype) == (200, "text/css")

    def test_its_cookie_goes_nowhere_else(self, real_broker):
        client = create_app(Settings(auth_enabled=True)).test_client()
        cookie = client.get("/login", base_url="https://localhost").headers["Set-Cookie"]
        for part in ("Path=/login", "HttpOnly", "SameSite=Strict", "Secure"):
            assert part in cookie
