"""Two processes of the API on one database: what ends in one has ended in the other."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import time

import pytest

from app import db
from app.db import transaction
from app.models import User
from app.services.people import sessions
from tests.end_to_end.product import ROOT, free_port, until
from tests.support.people import PASSWORD, make_user

#: No request that is sent so long after the end of a session is let in (seconds).
PROMISE = 1.0


class Api:
    """A process of the API."""

    def __init__(self, folder, environ):
        self.port = free_port()
        self.log = folder / f"api-{self.port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "app.cli", "api"],
                env=environ | {"PORT": str(self.port)},
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("localhost", self.port, timeout=20)
        with contextlib.closing(connection):
            text = None if body is None else json.dumps(body)
            kind = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, text, kind | (headers or {}))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or "{}")

    def lives(self):
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(OSError):
            return self.ask("GET", "/api/auth/me")[0] == 401
        return False

    def refuses(self, headers, since):
        """Return whether a session is refused; fail if it is let in for too long."""
        asked = time.monotonic()
        status, answer = self.ask("GET", "/api/auth/me", headers=headers)
        assert status == 401 or asked - since <= PROMISE, f"let in after {asked - since:.2f} s"
        return status == 401 and "revoked" in answer["error"]


@pytest.fixture(params=["sqlite", "postgresql"])
def apis(request, tmp_path):
    """Two processes; this one has the same database."""
    url = f"sqlite:///{tmp_path}/oneoff.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("empty_postgresql")
    environ = {n: v for n, v in os.environ.items() if n in {"PATH", "HOME", "LANG"}} | {
        "PYTHONPATH": str(ROOT),
        "DATA_DIR": str(tmp_path),
        "DATABASE_URL": url,
        "AUTH_ENABLED": "true",
    }
    command = [sys.executable, "-P", "-m", "app.cli", "migrate"]
    subprocess.run(command, env=environ, cwd=tmp_path, check=True, capture_output=True)
    db.configure(url.replace("postgresql://", "postgresql+psycopg://"))
    found = [Api(tmp_path, environ) for _ in range(2)]
    try:
        for one in found:
            until(one.lives, 60, "the API answers")
        yield found
    finally:
        for one in found:
            one.process.terminate()
        for one in found:
            one.process.wait(20)
        db.forget_engines()


def _log_out(api, tokens, _):
    headers = {"Authorization": f"Bearer {tokens['token']}"}
    assert api.ask("POST", "/api/auth/logout", headers=headers)[0] == 200


def _reuse(api, tokens, _):
    for expected in (200, 401):
        body = {"refresh_token": tokens["refresh_token"]}
        assert api.ask("POST", "/api/auth/refresh", body)[0] == expected


def _change_password(api, tokens, _):
    body = {"current_password": PASSWORD, "new_password": "velvet canyon thirty owls"}
    headers = {"Authorization": f"Bearer {tokens['token']}"}
    assert api.ask("POST", "/api/auth/password", body, headers)[0] == 200


def _disable(_, __, user):
    with transaction() as session:
        session.get_one(User, user.id).is_active = False
        sessions.close_all(session, [user.id], "disabled")


def test_what_ends_in_one_process_ends_in_the_other_within_a_second(apis):
    """S09, S11."""
    here, there = apis
    for number, end in enumerate((_log_out, _reuse, _change_password, _disable)):
        user = make_user(f"user{number}", "viewer")
        body = {"username": user.username, "password": PASSWORD}
        tokens = here.ask("POST", "/api/auth/login", body)[1]["data"]
        ways = (
            {"Authorization": f"Bearer {tokens['token']}"},
            {"Cookie": f"oneoff_access={tokens['token']}"},
        )
        for api in apis:
            for headers in ways:
                assert api.ask("GET", "/api/auth/me", headers=headers)[0] == 200
        end(here, tokens, user)
        since = time.monotonic()
        for api in (there, here):
            for headers in ways:
                until(lambda: api.refuses(headers, since), 20, end.__name__)  # noqa: B023
