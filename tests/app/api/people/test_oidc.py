"""Signing in through an identity provider: a real one in a process of its own, and a browser."""

import re
from contextlib import contextmanager
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa

from app.api.people.page_texts import TEXTS
from app.db import reading, transaction
from app.domain import clock
from app.factory import create_app
from app.gateways import cipher
from app.gateways.oidc import kept
from app.models import SpentState, User, UserSession
from app.services.people import identity_provider, roles, tidying
from app.settings import Settings
from tests.support.oidc_server import CLIENT_ID, CLIENT_SECRET, running
from tests.support.people import PASSWORD, make_user, notes, sign_in
from tests.support.persons import ROOT
from tests.support.served import served

EN = TEXTS["en"]
START, CALLBACK = "/api/auth/oidc/start", "/api/auth/oidc/callback"
MAP = "jobs-user=user,jobs-admin=admin,jobs-viewer=viewer"


@pytest.fixture(scope="module")
def process():
    with running() as one:
        yield one


@pytest.fixture
def provider(process):
    yield process
    process.reset()


@pytest.fixture
def product(database, provider):
    """Return a function that serves the product; the settings are those of a usual installation."""
    opened = []

    def start(**over):
        block = serve(provider, **over)
        opened.append(block)
        return block.__enter__()

    yield start
    for block in opened:
        block.__exit__(None, None, None)
    identity_provider.configure(Settings())


@contextmanager
def serve(provider, **over):
    parts = SimpleNamespace(app=None)
    with served(lambda environ, answer: parts.app(environ, answer)) as url:
        values = {
            "auth_enabled": True,
            "public_url": url,
            "oidc_issuer": provider.address,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_role_map": MAP,
            "oidc_name": "Keycloak",
        }
        parts.app = create_app(Settings(**values | over))
        yield url


@pytest.fixture
def browse(product):
    """Return a function that gives a new browser on the product."""
    opened = []

    def browser(url=None, **over):
        client = httpx.Client(base_url=url or product(**over), follow_redirects=True, timeout=20)
        opened.append(client)
        return client

    yield browser
    for client in opened:
        client.close()


def way_of(answer):
    return [urlsplit(str(one.url)).path for one in (*answer.history, answer)]


def enter(browser, **query):
    """Sign in; return the user, as the browser's page is told."""
    answer = browser.get(START, params={"next": "/api/auth/me", **query})
    assert way_of(answer) == [START, "/authorize", CALLBACK, "/api/auth/me"], answer.text
    return answer.json()["data"]


def refused(browser, text, **query):
    """Try to sign in; return what the audit log says of the refusal."""
    return told(browser.get(START, params=query), browser, text)


def told(answer, browser, text):
    assert answer.status_code == 200
    assert answer.url.path == "/login"
    fault = re.search(r'role="alert" id="fault">([^<]*)<', answer.text)
    assert fault is not None, answer.text
    assert fault[1].replace("&#39;", "'") == getattr(EN, text).format(name="Keycloak")
    assert {"oneoff_access", "oneoff_oidc"}.isdisjoint(browser.cookies.keys())
    *_, note = notes("auth.login")
    assert (note.result, note.actor, note.address) == ("failed", "anonymous", "127.0.0.1")
    return note.detail


def on_the_way(browser, **query):
    """Return the answer in which the provider sends a browser back, before it is followed."""
    first = browser.get(START, params=query, follow_redirects=False)
    assert first.status_code == 303, first.text
    return httpx.get(first.headers["Location"]).headers["Location"]


def user(username="alice"):
    with reading() as session:
        return session.scalar(sa.select(User).where(User.username == username))


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


class TestLies:
    """What a provider, or whoever stands in its place, must not get past us."""

    @pytest.mark.parametrize(
        "knobs",
        [
            {"claims": {"iss": "https://evil.test"}},
            {"claims": {"iss": None}},
            {"claims": {"aud": "another"}},
            {"claims": {"aud": ["another"]}},
            {"claims": {"aud": None}},
            {"claims": {"aud": [CLIENT_ID, "another"], "azp": None}},
            {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
            {"claims": {"azp": "another"}},
            {"claims": {"nonce": "another"}},
            {"claims": {"nonce": None}},
            {"claims": {"sub": None}},
            {"claims": {"sub": ""}},
            {"claims": {"sub": 7}},
            {"claims": {"sub": "x" * 256}},
            {"claims": {"exp": None}},
            {"claims": {"exp": "tomorrow"}},
            {"claims": {"exp": True}},
            {"claims": {"iat": None}},
            {"times": {"exp": -120}},
            {"times": {"exp": -3600, "iat": -7200}},
            {"times": {"nbf": 120}},
            {"times": {"iat": 120}},
            {"signature": "none"},
            {"signature": "hs256"},
            {"signature": "other key"},
            {"signature": "unknown kid"},
        ],
        ids=str,
    )
    def test_a_token_that_is_not_right_lets_nobody_in(self, browse, provider, knobs):
        provider.turn(**knobs)
        browser = browse()
        refused(browser, "provider_failed")
        assert user() is None
        with reading() as session:
            assert session.scalar(sa.select(UserSession.id)) is None
        provider.reset()
        assert enter(browser)["username"] == "alice"

    @pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
    def test_clocks_may_differ_by_a_minute(self, browse, provider, name):
        provider.turn(times={name: -40 if name == "exp" else 40})
        assert enter(browse())["username"] == "alice"

    @pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
    @pytest.mark.parametrize("signature", ["usual", "no kid"])
    def test_all_usual_signatures_are_taken(self, browse, provider, algorithm, signature):
        provider.turn(algorithm=algorithm, signature=signature)
        assert enter(browse())["username"] == "alice"

    def test_several_audiences_are_fine_if_we_are_the_one(self, browse, provider):
        provider.turn(claims={"aud": ["another", CLIENT_ID]})
        assert enter(browse())["username"] == "alice"

    @pytest.mark.parametrize(
        "metadata",
        [
            {"issuer": "https://evil.test"},
            {"issuer": None},
            {"token_endpoint": "http://10.1.1.1/token"},
            {"jwks_uri": None},
            {"authorization_endpoint": "javascript:alert(1)"},
        ],
        ids=str,
    )
    def test_a_provider_that_is_another_is_none(self, browse, provider, metadata):
        provider.turn(metadata=metadata)
        answer = browse().get(START)
        assert EN.provider_away.format(name="Keycloak").replace("'", "&#39;") in answer.text

    def test_an_answer_of_another_provider_is_not_taken(self, browse, provider):
        provider.turn(back={"iss": "https://evil.test"})
        assert "another provider" in refused(browse(), "provider_failed")
        provider.turn(back={"iss": provider.address})
        assert enter(browse())["username"] == "alice"

    def test_a_code_of_ones_own_is_not_taken(self, browse, provider):
        browser = browse()
        back = on_the_way(browser)
        forged = re.sub("code=[^&]+", "code=mine", back)
        assert "invalid_grant" in told(browser.get(forged), browser, "provider_failed")

    @pytest.mark.parametrize(
        ("error", "text"),
        [
            ("access_denied", "provider_denied"),
            ("temporarily_unavailable", "provider_away"),
            ("login_required", "provider_failed"),
            ("<script>" * 100, "provider_failed"),
        ],
    )
    def test_errors_are_said_in_plain_words(self, browse, provider, error, text):
        provider.turn(error=error, back={"error_description": "call 555 to pay"})
        browser = browse()
        answer = browser.get(START, params={"next": "/docs"})
        told(answer, browser, text)
        assert "555" not in answer.text
        assert "<script" not in answer.text
        assert "next=/docs" in answer.text


class TestTrouble:
    @pytest.mark.parametrize("endpoint", ["token", "jwks"])
    @pytest.mark.parametrize("trouble", ["down", "slow", "huge"])
    def test_a_provider_in_trouble_is_said_to_be_away(
        self, browse, provider, monkeypatch, endpoint, trouble
    ):
        monkeypatch.setattr(identity_provider, "PATIENCE", 1.0)
        provider.turn(**{trouble: [endpoint]})
        refused(browse(), "provider_away")

    @pytest.mark.parametrize("trouble", ["down", "slow", "huge"])
    def test_also_before_the_way_there(self, browse, provider, monkeypatch, trouble):
        monkeypatch.setattr(identity_provider, "PATIENCE", 1.0)
        monkeypatch.setattr(kept, "RETRY_SECONDS", 0.0)
        provider.turn(**{trouble: ["discovery"]})
        browser = browse()
        answer = browser.get(START, params={"next": "/docs"})
        assert answer.url.path == "/login"
        assert answer.url.params["refused"] == "provider_away"
        provider.reset()
        assert enter(browser)["username"] == "alice"

    def test_a_provider_that_is_away_is_not_asked_by_everybody(self, browse, provider):
        provider.turn(down=["discovery"])
        browser = browse()
        for _ in range(5):
            browser.get(START)
        assert provider.asked("discovery") == 1

    def test_what_it_publishes_serves_on_while_it_is_away(self, browse, provider, monkeypatch):
        monkeypatch.setattr(kept, "KEPT_SECONDS", 0.0)
        browser = browse()
        enter(browser)
        provider.turn(down=["discovery", "jwks"])
        browser.cookies.clear()
        assert enter(browser)["username"] == "alice"
        assert provider.asked("jwks") == 2

    def test_what_it_publishes_is_kept(self, browse, provider):
        browser = browse()
        for _ in range(3):
            enter(browser)
        assert (provider.asked("discovery"), provider.asked("jwks")) == (1, 1)

    def test_new_keys_are_picked_up(self, browse, provider):
        browser = browse()
        enter(browser)
        provider.rotate()
        assert enter(browser)["username"] == "alice"
        assert provider.asked("jwks") == 2

    def test_made_up_keys_have_the_provider_asked_once_a_minute(self, browse, provider):
        provider.turn(signature="unknown kid")
        browser = browse()
        for _ in range(3):
            refused(browser, "provider_failed")
        assert provider.asked("jwks") == 2


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

    @pytest.mark.parametrize("over", [{"is_active": False}, {"deleted_at": clock.now()}], ids=str)
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
        assert is_over(browser, before)
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
        shown = browser.get("/api/auth/me").json()["data"]
        assert (shown["roles"], shown["permissions"]) == ([], [])

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


def sign(browser, username):
    answer = httpx.post(
        f"{browser.base_url}api/auth/login".replace("//api", "/api"),
        json={"username": username, "password": PASSWORD},
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['data']['token']}"}


def sign_in_status(browser, username):
    body = {"username": username, "password": PASSWORD}
    return browser.post("/api/auth/login", json=body).status_code


def is_over(browser, token):
    import time

    end = time.monotonic() + 10
    while browser.get("/api/auth/me", headers=token).status_code != 401:
        assert time.monotonic() < end, "the session goes on"
        time.sleep(0.05)
    return True
