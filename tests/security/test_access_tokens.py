"""Access tokens that are forged, old, for somebody else, or of people who may not come in."""

import base64
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from app import db
from app.db import transaction
from app.domain.clock import now
from app.factory import create_app
from app.gateways import cipher
from app.models import User, UserSession
from app.services import access
from app.services.people import sessions
from app.settings import Settings
from tests.support.api import refused
from tests.support.people import bearer, make_user, signed_in

HS256 = {"alg": "HS256", "typ": "JWT"}


def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(token):
    head, body, _ = token.split(".")
    return tuple(
        json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in (head, body)
    )


def key(secret=None):
    return OctKey.import_key(secret or cipher.current().derive("access token"))


def signed(body, head=HS256, secret=None):
    """Return a token as an attacker would make it who has this secret; ours by default."""
    return jwt.encode(head, body, key(secret), algorithms=["HS256"])


@pytest.fixture
def body(guarded, alice):
    """What a token of alice says that is valid."""
    head, found = unpacked(signed_in(guarded)["token"])
    assert head == HS256
    assert found.keys() == {"iss", "aud", "sub", "sid", "iat", "nbf", "exp"}
    return found


def refusal(client, token):
    answer = client.get("/api/auth/me", headers=bearer(token))
    found = refused(answer, 401)
    assert found["code"] == "INVALID_TOKEN"
    assert answer.headers["WWW-Authenticate"].endswith('error="invalid_token"')
    return found["error"]


def test_the_way_these_tests_forge_makes_good_tokens(guarded, body):
    answer = guarded.get("/api/auth/me", headers=bearer(signed(body)))
    assert answer.status_code == 200


@pytest.mark.parametrize("name", ["none", "None", "NONE", "", None, "HS384", "HS512", "RS256"])
def test_no_other_algorithm_is_taken(guarded, body, name):
    """S07."""
    head = {"typ": "JWT"} if name is None else {"alg": name, "typ": "JWT"}
    text = f"{part(head)}.{part(body)}"
    good = signed(body).rpartition(".")[2]
    for signature in ("", good):
        assert refusal(guarded, f"{text}.{signature}") == "invalid access token"


@pytest.mark.parametrize("more", ["kid", "jku", "jwk", "x5u", "x5c", "crit", "zip", "typ"])
def test_nothing_in_the_header_leads_to_another_key(guarded, body, more):
    jwk = {"kty": "oct", "k": part(b"x" * 32)}
    value = {"jwk": jwk, "crit": ["exp"], "x5c": ["AA"]}.get(more, "https://evil.test/key")
    text = f"{part(HS256 | {more: value})}.{part(body)}"
    for secret in (b"x" * 32, cipher.current().derive("access token")):
        signature = key(secret).raw_value
        mac = hmac.digest(signature, text.encode(), "sha256")
        assert refusal(guarded, f"{text}.{part(mac)}") == "invalid access token"


@pytest.mark.parametrize("secret", [b"", b"secret", b"\0" * 32, b"x" * 32])
def test_no_other_key_is_taken(guarded, body, secret):
    text = f"{part(HS256)}.{part(body)}"
    mac = hmac.digest(secret, text.encode(), "sha256")
    assert refusal(guarded, f"{text}.{part(mac)}") == "invalid access token"


def test_what_another_purpose_of_the_key_signs_is_no_token(guarded, body):
    for purpose in ("csrf token of a session", "csrf token of a form", "refresh token"):
        secret = cipher.current().derive(purpose)
        assert refusal(guarded, signed(body, secret=secret)) == "invalid access token"


def test_a_key_pair_is_not_mistaken_for_a_secret(guarded, body):
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{part(HS256)}.{part(body)}"
    mac = hmac.digest(pem, text.encode(), "sha256")
    refusal(guarded, f"{text}.{part(mac)}")
    theirs = RSAKey.import_key(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    refusal(guarded, jwt.encode({"alg": "RS256"}, body, theirs, algorithms=["RS256"]))


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "iat", "nbf", "exp"])
@pytest.mark.parametrize("value", [..., None, "", "other", 0, [], ["oneoff"], {}, True, 1e400])
def test_every_claim_is_needed_and_must_be_right(guarded, body, name, value):
    changed = {n: v for n, v in (body | {name: value}).items() if v is not ...}
    if value == 0 and name in {"iat", "nbf"}:  # issued in 1970: that is no fault by itself
        return
    text = f"{part(HS256)}.{part(changed)}"
    mac = hmac.digest(key().raw_value, text.encode(), "sha256")
    assert refusal(guarded, f"{text}.{part(mac)}") in {
        "invalid access token",
        "the access token is expired",
        "the access token is revoked",
    }


def test_its_time_is_kept_on_both_sides(guarded, body):
    present = int(time.time())
    old = body | {"exp": present - 1}
    assert refusal(guarded, signed(old)) == "the access token is expired"
    for name in ("nbf", "iat"):
        coming = body | {name: present + 60}
        assert refusal(guarded, signed(coming)) == "invalid access token"


def test_a_token_of_another_installation_with_the_same_key_is_refused(guarded, body):
    assert refusal(guarded, signed(body | {"iss": "0" * 32})) == "invalid access token"


def test_a_session_and_its_person_belong_together(guarded, body):
    bob = make_user("bob", "viewer")
    for changes in ({"sub": bob.id}, {"sid": "0" * 32}, {"sid": "default"}, {"sub": "x"}):
        assert refusal(guarded, signed(body | changes)) == "the access token is revoked"


@pytest.mark.parametrize("text", ["..", "a.b.c", "." * 500, "é.é.é", "a.b.c" * 300, "a.b.c.d.e"])
def test_rubbish_is_refused(guarded, alice, text):
    headers = {"Authorization": f"Bearer {text}".encode().decode("latin-1")}
    refused(guarded.get("/api/auth/me", headers=headers), 401)


def _disable(user, _):
    with transaction() as session:
        session.get_one(User, user.id).is_active = False
        access.changed(session)


def _delete(user, _):
    with transaction() as session:
        session.get_one(User, user.id).deleted_at = now()
        access.changed(session)


def _end_all(user, _):
    with transaction() as session:
        sessions.close_all(session, [user.id], "test")


def _expire(_, session_id):
    with transaction() as session:
        session.get_one(UserSession, session_id).expires_at = now() - timedelta(seconds=1)
        access.changed(session)


@pytest.mark.parametrize("change", [_disable, _delete, _end_all, _expire])
def test_whoever_may_not_go_on_is_refused_within_a_second(guarded, alice, change):
    """S11; what changes a password or roles ends the sessions, as ``_end_all`` does."""
    tokens = signed_in(guarded)
    assert guarded.get("/api/auth/me", headers=bearer(tokens)).status_code == 200
    change(alice, tokens["session_id"])
    time.sleep(access.doorkeeper.LOOK_SECONDS)
    assert refusal(guarded, tokens["token"]) == "the access token is revoked"


def test_a_remembered_session_is_not_asked_for_again(guarded, alice):
    headers = bearer(signed_in(guarded))
    guarded.get("/api/job-types", headers=headers)
    statements = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    for _ in range(5):
        assert guarded.get("/api/job-types", headers=headers).status_code == 200
    assert not [s for s in statements if "user_sessions" in s or "users" in s]


def test_many_first_requests_at_once_all_come_in(guarded, alice):
    """A process that has not yet looked who it is does not take good tokens for bad ones."""
    headers = bearer(signed_in(guarded))
    fresh = create_app(Settings(auth_enabled=True))
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(
                lambda: fresh.test_client().get("/api/auth/me", headers=headers).status_code
            )
            for _ in range(8)
        ]
    assert {one.result() for one in asked} == {200}
