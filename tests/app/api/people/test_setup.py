"""The first admin: made once, near the machine or with the token in the log."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.api.gate import first_run
from app.cli import api_server
from app.factory import create_app
from app.gateways import passwords
from app.services.people import setup
from app.settings import Settings
from tests.support.api import get, refused

GOOD = {"username": "root", "password": "plum orbit lantern 42", "email": "r@b.de"}
FAR = Settings(auth_enabled=True, host="0.0.0.0")
NEAR = Settings(auth_enabled=True)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Hash quickly, and forget who was wrong."""
    monkeypatch.setattr(passwords, "COST", 4)
    first_run._wrong.clear()


@pytest.fixture
def near(real_broker):
    """A client of a server that listens on loopback."""
    return create_app(NEAR).test_client()


@pytest.fixture
def far(real_broker):
    """A client of a server that listens everywhere."""
    return create_app(FAR).test_client()


def start(client, headers=None, **values):
    return client.post("/setup/admin", json={**GOOD, **values}, headers=headers)


def status(client, headers=None):
    return client.get("/setup/status", headers=headers).json["data"]


def test_the_first_admin_is_made_once_and_signed_in(near):
    assert status(near) == {"needed": True, "token_required": False}
    answer = start(near)
    assert answer.status_code == 201, answer.text
    made = answer.json["data"]
    assert (made["user"]["username"], made["user"]["roles"]) == ("root", ["admin"])
    assert made["user"]["must_change_password"] is False
    headers = {"Authorization": f"Bearer {made['token']}"}
    listed = near.get("/api/users", headers=headers).json["data"]
    assert [row["created_by"] for row in listed] == ["setup"]
    assert status(near) == {"needed": False, "token_required": False}
    again = refused(start(near, username="second"), 409)
    assert again["details"] == {"reason": "already_initialised"}


def test_without_authentication_it_works_too(client):
    made = start(client)
    assert made.status_code == 201
    assert made.json["data"]["user"]["username"] == "root"
    assert "token" not in made.json["data"]
    assert get(client, "/api/users")["total"] == 1
    refused(start(client), 409)


def test_a_deleted_user_was_a_user(near):
    made = start(near).json["data"]
    headers = {"Authorization": f"Bearer {made['token']}"}
    second = near.post(
        "/api/users", json={"username": "second", "role": "admin"}, headers=headers
    ).json["data"]
    assert near.delete(f"/api/users/{second['id']}", headers=headers).status_code == 204
    refused(start(near, username="third"), 409)


def test_of_twenty_at_once_one_wins(real_broker):
    application = create_app(NEAR)

    def one(number):
        return start(application.test_client(), username=f"root{number}").status_code

    with ThreadPoolExecutor(20) as pool:
        codes = sorted(pool.map(one, range(20)))
    assert codes == [201] + [409] * 19


def test_from_afar_the_token_is_needed(far):
    assert status(far) == {"needed": True, "token_required": True}
    for values, reason in (
        ({}, "setup_token_required"),
        ({"token": "x"}, "wrong_setup_token"),
        ({"token": setup.token()[:-1]}, "wrong_setup_token"),
        ({"token": [setup.token()]}, "setup_token_required"),
        ({"token": "é"}, "wrong_setup_token"),
    ):
        assert refused(start(far, **values), 403)["details"] == {"reason": reason}
    assert status(far)["needed"]
    assert start(far, token=f" {setup.token()}\n").status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:8080"},  # a page that has a browser come here under its own name
        {"X-Forwarded-For": "192.0.2.7"},
        {"Forwarded": "for=192.0.2.7"},
        {"X-Real-IP": "192.0.2.7"},
        {"Via": "1.1 proxy"},
    ],
)
def test_on_loopback_it_is_needed_by_whoever_comes_from_elsewhere(near, headers):
    assert status(near, headers)["token_required"]
    refused(start(near, headers), 403)
    assert start(near, headers, token=setup.token()).status_code == 201


def test_guessing_is_bounded_for_whoever_guesses(far):
    codes = [
        start(far, token=f"{number}").status_code for number in range(first_run.MOST_WRONG + 1)
    ]
    assert codes == [403] * first_run.MOST_WRONG + [429]
    right = start(far, token=setup.token())
    assert (right.status_code, right.json["code"]) == (429, "RATE_LIMITED")
    elsewhere = far.post(
        "/setup/admin",
        json={**GOOD, "token": setup.token()},
        environ_base={"REMOTE_ADDR": "192.0.2.9"},
    )
    assert elsewhere.status_code == 201


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "admin", "password": "admin"}, "password"),
        ({"password": None}, "password"),
        ({"username": ""}, "username"),
        ({"email": "x"}, "email"),
        ({"role": "admin"}, "role"),
    ],
)
def test_what_is_wrong_is_named_and_nobody_is_made(near, values, field):
    refused(start(near, **values), 400, field)
    assert status(near)["needed"]


def test_the_log_shows_the_token_while_there_is_nobody(near, caplog):
    with caplog.at_level(logging.WARNING):
        api_server._invite_the_first(Settings())
        assert caplog.records == []
        api_server._invite_the_first(FAR)
        assert setup.token() in caplog.text
        caplog.clear()
        start(near)
        api_server._invite_the_first(FAR)
    assert setup.token() not in caplog.text
    assert len(setup.token()) == 40
