"""A browser that signs in through an identity provider, and the product that it signs in to."""

import re
import time
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import sqlalchemy as sa

from app.api.people.page_texts import TEXTS
from app.db import reading
from app.factory import create_app
from app.models import User
from app.settings import Settings
from tests.support.oidc_server import CLIENT_ID, CLIENT_SECRET
from tests.support.people import PASSWORD, notes
from tests.support.served import served

EN = TEXTS["en"]
START, CALLBACK = "/api/auth/oidc/start", "/api/auth/oidc/callback"
MAP = "jobs-user=user,jobs-admin=admin,jobs-viewer=viewer"


class Late:
    """An application that is made when it is known where it is served."""

    app: Any = None

    def __call__(self, environ, answer):
        return self.app(environ, answer)


@contextmanager
def serve(provider, **over):
    late = Late()
    with served(late) as url:
        values = {
            "auth_enabled": True,
            "public_url": url,
            "oidc_issuer": provider.address,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_role_map": MAP,
            "oidc_name": "Keycloak",
        }
        late.app = create_app(Settings(**values | over))
        yield url


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


def sign(browser, username):
    answer = httpx.post(
        f"{str(browser.base_url).rstrip('/')}/api/auth/login",
        json={"username": username, "password": PASSWORD},
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['data']['token']}"}


def sign_in_status(browser, username):
    body = {"username": username, "password": PASSWORD}
    return browser.post("/api/auth/login", json=body).status_code


def is_over(browser, token):
    wait(lambda: browser.get("/api/auth/me", headers=token).status_code == 401)


def wait(is_so):
    """Wait until something is so; what changes in who may do what does within a second."""
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end, "it does not come to be so"
        time.sleep(0.05)
