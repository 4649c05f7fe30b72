"""Signing in, staying so, and signing out."""

import threading
from datetime import timedelta

import bcrypt
import pytest
import sqlalchemy as sa

from app import db
from app.db import transaction
from app.domain.clock import now
from app.domain.people import refresh_tokens
from app.factory import create_app
from app.gateways import passwords
from app.models import AuditEntry, User, UserSession
from app.services import access
from app.settings import Settings
from tests.support.api import refused, wish
from tests.support.people import (
    OTHER_PASSWORD,
    PASSWORD,
    bearer,
    make_user,
    notes,
    quick_hash,
    sign_in,
    signed_in,
)


def refresh(client, token):
    return client.post("/api/auth/refresh", json={"refresh_token": token})


def changed_session(session_id, **values):
    with transaction() as session:
        query = sa.update(UserSession).where(UserSession.id == session_id)
        session.execute(query.values(**values))
        access.changed(session)


def row_of(session_id):
    with db.reading() as session:
        return session.get_one(UserSession, session_id)


class TestLogin:
    def test_a_program_has_its_tokens_in_the_answer(self, guarded, alice):
        answer = sign_in(guarded)
        assert answer.status_code == 200, answer.text
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        data = answer.json["data"]
        assert data["token_type"] == "Bearer"
        assert 895 <= data["expires_in"] <= 900
        user = data["user"]
        assert (user["id"], user["username"], user["roles"]) == (alice.id, "alice", ["admin"])
        assert "user:manage" in user["permissions"]
        assert user["must_change_password"] is False
        assert guarded.get("/api/jobs", headers=bearer(data)).status_code == 200

    @pytest.mark.parametrize("typed", ["ALICE", " Alice "])
    def test_names_are_not_told_apart_by_case(self, guarded, alice, typed):
        assert sign_in(guarded, typed).status_code == 200

    def test_it_is_seen_who_asks(self, guarded, alice):
        tokens = signed_in(guarded)
        me = guarded.get("/api/auth/me", headers=bearer(tokens)).json["data"]
        assert (me["actor"], me["id"], me["session_id"]) == (
            "user:alice",
            alice.id,
            tokens["session_id"],
        )
        assert me["last_login_at"] is not None
        made = guarded.post("/api/jobs", json=wish(), headers=bearer(tokens))
        assert made.json["data"]["created_by"] == "user:alice"

    def test_roles_decide(self, guarded):
        make_user("victor", "viewer")
        headers = bearer(signed_in(guarded, "victor"))
        assert guarded.get("/api/jobs", headers=headers).status_code == 200
        answer = guarded.post("/api/jobs", json={}, headers=headers)
        assert refused(answer, 403)["details"] == {"needs": ["job:write"]}

    def test_what_is_missing_or_too_long_is_said(self, guarded):
        refused(guarded.post("/api/auth/login", json={}), 400, "username", "password")
        long = {"username": "a" * 201, "password": "p" * 129, "x": 1}
        body = refused(guarded.post("/api/auth/login", json=long), 400)
        assert {fault["field"] for fault in body["details"]} == {"username", "password", "x"}
        assert "ppp" not in str(body), "a password is not shown again"
        refused(guarded.post("/api/auth/login", json={"username": "a\0", "password": "b"}), 400)

    def test_without_authentication_nobody_needs_to(self, client):
        assert refused(sign_in(client), 409)["code"] == "CONFLICT"
        assert client.get("/api/auth/me").json["data"]["actor"] == "anonymous"
        refused(client.get("/api/auth/sessions"), 409)


def failing_users():
    make_user("disabled", "admin", is_active=False)
    make_user("deleted", "admin", deleted_at=now(), is_active=False)
    make_user("bare", "admin", password=None)
    return {
        "wrong": ("alice", OTHER_PASSWORD),
        "unknown": ("nobody", PASSWORD),
        "disabled": ("disabled", PASSWORD),
        "deleted": ("deleted", PASSWORD),
        "without password": ("bare", PASSWORD),
    }


def test_all_failures_look_and_cost_the_same(guarded, alice, monkeypatch):
    """S03. What takes the time is bcrypt, once each; the queries are the same, too."""
    checks, real = [], bcrypt.checkpw

    def counted(*given):
        checks.append(given)
        return real(*given)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    statements = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    bodies, costs = set(), set()
    for username, password in failing_users().values():
        statements.clear()
        checks.clear()
        answer = sign_in(guarded, username, password)
        body = refused(answer, 401)
        bodies.add((body["error"], body["code"], str(body["details"])))
        costs.add((len(checks), tuple(s.split(" WHERE ")[0][:60] for s in statements)))
    assert bodies == {("wrong username or password", "INVALID_CREDENTIALS", "None")}
    assert len(costs) == 1, costs
    assert next(iter(costs))[0] == 1


def test_the_stand_in_for_no_password_costs_as_much_as_a_real_one():
    stand_in, real = passwords._NOBODYS, passwords.hash_of(PASSWORD)
    assert stand_in.split("$")[1:3] == real.split("$")[1:3]


class TestRefresh:
    def test_a_refresh_token_is_good_for_new_tokens(self, guarded, alice):
        first = signed_in(guarded)
        second = refresh(guarded, first["refresh_token"]).json["data"]
        assert second["session_id"] == first["session_id"]
        assert second["refresh_token"] != first["refresh_token"]
        assert guarded.get("/api/auth/me", headers=bearer(second)).status_code == 200
        assert refresh(guarded, second["refresh_token"]).status_code == 200

    def test_the_second_use_ends_the_session_for_both(self, guarded, alice):
        """S10."""
        first = signed_in(guarded)
        second = refresh(guarded, first["refresh_token"]).json["data"]
        body = refused(refresh(guarded, first["refresh_token"]), 401)
        assert (body["code"], "used before" in body["error"]) == ("INVALID_TOKEN", True)
        body = refused(refresh(guarded, second["refresh_token"]), 401)
        assert "revoked" in body["error"]
        other = create_app(Settings(auth_enabled=True)).test_client()
        for tokens in (first, second):
            refused(other.get("/api/auth/me", headers=bearer(tokens)), 401)
        (note,) = notes("auth.token_reused")
        assert (note.result, note.actor, note.target_id) == ("denied", "user:alice", alice.id)
        assert [n.result for n in notes("auth.refresh")] == ["failed"]

    def test_other_sessions_of_the_person_go_on(self, guarded, alice):
        first, elsewhere = signed_in(guarded), signed_in(guarded)
        refresh(guarded, first["refresh_token"])
        refresh(guarded, first["refresh_token"])
        assert refresh(guarded, elsewhere["refresh_token"]).status_code == 200

    def test_of_many_at_once_at_most_one_gets_new_tokens(self, guarded, alice):
        token, app = signed_in(guarded)["refresh_token"], guarded.application
        answers, barrier = [], threading.Barrier(5)

        def use():
            barrier.wait()
            answers.append(refresh(app.test_client(), token).status_code)

        threads = [threading.Thread(target=use) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [200, 401, 401, 401, 401]
        assert len(notes("auth.token_reused")) == 1

    @pytest.mark.parametrize(
        "token",
        ["", "x", "oneoffr_", "oneoffr_" + "0" * 32 + "_" + "0" * 64, "oneoffr_é" + "0" * 96],
    )
    def test_what_is_no_token_is_refused(self, guarded, alice, token):
        assert refused(refresh(guarded, token), 401)["code"] == "INVALID_TOKEN"
        assert notes("auth.refresh") == []

    def test_it_slides_but_not_for_ever(self, guarded, alice):
        tokens = signed_in(guarded)
        began = now() - timedelta(days=80)
        changed_session(tokens["session_id"], created_at=began)
        assert refresh(guarded, tokens["refresh_token"]).status_code == 200
        assert row_of(tokens["session_id"]).expires_at == began + timedelta(days=90)

    def test_an_expired_session_says_so(self, guarded, alice):
        tokens = signed_in(guarded)
        changed_session(tokens["session_id"], expires_at=now() - timedelta(seconds=1))
        assert "expired" in refused(refresh(guarded, tokens["refresh_token"]), 401)["error"]

    def test_nothing_in_the_body_is_said(self, guarded):
        refused(guarded.post("/api/auth/refresh", json={}), 400, "refresh_token")


class TestLogout:
    def test_by_the_access_token(self, guarded, alice):
        tokens = signed_in(guarded)
        answer = guarded.post("/api/auth/logout", headers=bearer(tokens))
        assert answer.json["data"] == {"status": "signed_out", "sessions": 1}
        assert "revoked" in refused(refresh(guarded, tokens["refresh_token"]), 401)["error"]
        (note,) = notes("auth.logout")
        assert (note.actor, note.result) == ("user:alice", "done")

    def test_by_the_refresh_token_when_the_other_has_expired(self, guarded, alice):
        tokens = signed_in(guarded)
        body = {"refresh_token": tokens["refresh_token"]}
        assert guarded.post("/api/auth/logout", json=body).json["data"]["sessions"] == 1
        assert guarded.post("/api/auth/logout", json=body).json["data"]["sessions"] == 0

    def test_a_made_up_token_ends_no_session(self, guarded, alice):
        tokens = signed_in(guarded)
        body = {"refresh_token": refresh_tokens.new_token(tokens["session_id"])}
        assert guarded.post("/api/auth/logout", json=body).json["data"]["sessions"] == 0
        assert refresh(guarded, tokens["refresh_token"]).status_code == 200


class TestSessions:
    def test_they_are_listed_and_closed_one_by_one(self, guarded, alice):
        here, there = signed_in(guarded), signed_in(guarded)
        listed = guarded.get("/api/auth/sessions", headers=bearer(here)).json
        assert listed["total"] == 2
        assert {row["id"]: row["is_current"] for row in listed["data"]} == {
            here["session_id"]: True,
            there["session_id"]: False,
        }
        assert not {"refresh_hash", "user_id"} & listed["data"][0].keys()
        path = f"/api/auth/sessions/{there['session_id']}"
        assert guarded.delete(path, headers=bearer(here)).status_code == 204
        refused(refresh(guarded, there["refresh_token"]), 401)
        assert guarded.get("/api/auth/sessions", headers=bearer(here)).json["total"] == 1

    def test_those_of_others_are_not_there(self, guarded, alice):
        make_user("bob", "admin")
        mine, his = signed_in(guarded), signed_in(guarded, "bob")
        path = f"/api/auth/sessions/{his['session_id']}"
        for name in (path, "/api/auth/sessions/x", f"{path[:-1]}z"):
            refused(guarded.delete(name, headers=bearer(mine)), 404)
        assert refresh(guarded, his["refresh_token"]).status_code == 200

    def test_signing_out_everywhere(self, guarded, alice):
        here, there = signed_in(guarded), signed_in(guarded)
        answer = guarded.post("/api/auth/logout-all", headers=bearer(here))
        assert answer.json["data"]["sessions"] == 2
        for tokens in (here, there):
            refused(refresh(guarded, tokens["refresh_token"]), 401)

    def test_there_are_not_ever_more_of_them(self, guarded, alice, monkeypatch):
        monkeypatch.setattr("app.services.people.sessions.MOST", 2)
        first, *others = [signed_in(guarded) for _ in range(3)]
        refused(refresh(guarded, first["refresh_token"]), 401)
        assert [refresh(guarded, o["refresh_token"]).status_code for o in others] == [200, 200]


class TestPassword:
    def change(self, client, tokens, current=PASSWORD, new=OTHER_PASSWORD):
        body = {"current_password": current, "new_password": new}
        return client.post("/api/auth/password", json=body, headers=bearer(tokens))

    def test_all_sessions_end_and_a_new_one_begins(self, guarded, alice):
        here, there = signed_in(guarded), signed_in(guarded)
        answer = self.change(guarded, here)
        assert answer.status_code == 200, answer.text
        fresh = answer.json["data"]
        for tokens in (here, there):
            refused(refresh(guarded, tokens["refresh_token"]), 401)
        other = create_app(Settings(auth_enabled=True)).test_client()
        refused(other.get("/api/auth/me", headers=bearer(here)), 401)
        assert other.get("/api/auth/me", headers=bearer(fresh)).status_code == 200
        refused(sign_in(guarded), 401)
        assert sign_in(guarded, password=OTHER_PASSWORD).status_code == 200
        assert [note.result for note in notes("auth.password_changed")] == ["done"]

    def test_it_needs_the_present_one(self, guarded, alice):
        tokens = signed_in(guarded)
        refused(self.change(guarded, tokens, current="wrong"), 400, "current_password")
        assert [note.result for note in notes("auth.password_changed")] == ["failed"]

    def test_guessing_the_present_one_is_limited_as_signing_in_is(self, guarded, alice):
        tokens = signed_in(guarded)
        for _ in range(5):
            refused(self.change(guarded, tokens, current="wrong"), 400)
        assert refused(self.change(guarded, tokens), 429)["code"] == "RATE_LIMITED"

    @pytest.mark.parametrize("new", ["short", "password123", PASSWORD, "12345678"])
    def test_not_every_new_one_will_do(self, guarded, alice, new):
        answer = self.change(guarded, signed_in(guarded), new=new)
        body = refused(answer, 400, "new_password")
        assert "value" not in body["details"][0]

    def test_until_it_is_changed_little_else_is_allowed(self, guarded):
        make_user("new", "admin", must_change_password=True)
        tokens = signed_in(guarded, "new")
        assert tokens["user"]["must_change_password"] is True
        for method, path in (("GET", "/api/jobs"), ("GET", "/api/auth/sessions")):
            answer = guarded.open(path, method=method, headers=bearer(tokens))
            assert refused(answer, 403)["code"] == "PASSWORD_CHANGE_REQUIRED"
        assert guarded.get("/api/auth/me", headers=bearer(tokens)).status_code == 200
        changed = self.change(guarded, tokens).json["data"]
        assert guarded.get("/api/jobs", headers=bearer(changed)).status_code == 200

    def test_one_may_also_sign_out_instead(self, guarded):
        make_user("new", "admin", must_change_password=True)
        tokens = signed_in(guarded, "new")
        answer = guarded.post("/api/auth/logout", headers=bearer(tokens))
        assert answer.json["data"]["sessions"] == 1

    def test_a_password_changed_meanwhile_is_not_overwritten(self, guarded, alice, monkeypatch):
        tokens, real = signed_in(guarded), passwords.hash_of

        def meanwhile(password):
            with transaction() as session:
                session.get_one(User, alice.id).password_hash = quick_hash("set by the admin")
            return real(password)

        monkeypatch.setattr(passwords, "hash_of", meanwhile)
        assert refused(self.change(guarded, tokens), 409)


def test_no_secret_is_kept(guarded, alice):
    tokens = signed_in(guarded)
    sign_in(guarded, "alice", "secret-typed-wrong")
    sign_in(guarded, "secret-typed-as-name", "x")
    with db.reading() as session:
        kept = str([vars(row) for row in session.scalars(sa.select(UserSession))])
        kept += str([vars(row) for row in session.scalars(sa.select(AuditEntry))])
    for secret in (tokens["refresh_token"][-64:], tokens["token"], PASSWORD, "secret-typed"):
        assert secret not in kept
    first, second = notes("auth.login")[1:]
    assert (first.result, first.target_id, second.target_id) == ("failed", alice.id, None)
    assert first.address == second.address == "127.0.0.1"


def test_each_try_to_sign_in_leaves_one_row_that_says_how_it_went(guarded, alice):
    for password in ("wrong-password", PASSWORD):
        guarded.post("/api/auth/login", json={"username": "alice", "password": password})
    with db.reading() as session:
        rows = session.execute(sa.select(AuditEntry.action, AuditEntry.result)).all()
    assert sorted(map(tuple, rows)) == [("auth.login", "done"), ("auth.login", "failed")]
