"""With AUTH_ENABLED nobody comes in without a key, and a key does what its scopes say."""

import time

import pytest
import sqlalchemy as sa
from werkzeug.routing import AnyConverter

from app import db
from app.api.gate import permits
from app.db import transaction
from app.domain import api_keys as form
from app.domain.permissions import EVERY
from app.factory import create_app
from app.models import ApiKey, IdempotencyKey
from app.services import access, api_keys
from app.settings import Settings
from tests.support.api import wish

AUTH = Settings(auth_enabled=True)
SAMPLE = "01a21bff27fb794788ef33963763193a"


@pytest.fixture
def guarded(real_broker):
    """A client of an API that asks for keys."""
    return create_app(AUTH).test_client()


def new_key(scopes="read,write", **values):
    with transaction() as session:
        return api_keys.create(session, {"name": "k", "scopes": scopes, **values}, "test")


def bearer(key):
    return {"Authorization": f"Bearer {key['key'] if isinstance(key, dict) else key}"}


def rules(app):
    for rule in app.url_map.iter_rules():
        values = dict.fromkeys(rule.arguments, SAMPLE)
        for name, converter in rule._converters.items():
            if isinstance(converter, AnyConverter):
                values[name] = min(converter.items)
        with app.test_request_context():
            _, path = next(iter([rule.build(values, append_unknown=False)]))
        for method in rule.methods - {"OPTIONS", "HEAD"}:
            yield rule.endpoint, method, path


def test_every_route_but_the_listed_ones_is_closed(guarded):
    closed = 0
    for endpoint, method, path in rules(guarded.application):
        answer = guarded.open(path, method=method, json=None if method == "GET" else {})
        answer.close()
        if endpoint in permits.OPEN:
            assert answer.status_code != 401, path
        else:
            closed += 1
            assert (answer.status_code, answer.json["code"]) == (401, "UNAUTHENTICATED"), path
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="OneOff"'
    assert closed > 40


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "//api/jobs",
        "/API/jobs",
        "/api/jobs;x",
        "/api/jobs%2f..%2f..%2fhealth",
        "/api/jobs/health",
        "/api/jobs/../../health",
        "/health/x",
        "/api",
    ],
)
def test_no_trick_with_the_path_comes_in(guarded, path):
    with guarded.get(path) as answer:  # a page of ours asks the API itself, with what it has
        assert answer.status_code in {401, 404, 308} or answer.mimetype == "text/html"


@pytest.mark.parametrize(
    ("headers", "code", "text"),
    [
        ({}, "UNAUTHENTICATED", "missing Authorization header"),
        ({"Authorization": "Basic YTpi"}, "UNAUTHENTICATED", "invalid Authorization header format"),
        ({"Authorization": "Bearer"}, "UNAUTHENTICATED", "missing API key"),
        ({"X-API-Key": " "}, "UNAUTHENTICATED", "missing API key"),
        ({"Authorization": "Bearer x"}, "INVALID_TOKEN", "invalid or expired API key"),
        ({"X-API-Key": "oneoff_" + "0" * 64}, "INVALID_TOKEN", "invalid or expired API key"),
        ({"X-API-Key": "\xff" * 71}, "INVALID_TOKEN", "invalid or expired API key"),
    ],
)
def test_what_is_missing_is_said(guarded, headers, code, text):
    answer = guarded.get("/api/jobs", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, code)
    assert text in answer.json["error"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_mistyped_key_costs_no_query_and_gets_the_same_answer(guarded):
    unknown = guarded.get("/api/jobs", headers=bearer(form.new_key()))
    statements = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    mistyped = guarded.get("/api/jobs", headers=bearer(new_key_text_with_a_typo()))
    assert statements == []
    for answer in (unknown, mistyped):
        assert (answer.status_code, answer.json["code"]) == (401, "INVALID_TOKEN")
    assert unknown.json["error"] == mistyped.json["error"]


def new_key_text_with_a_typo():
    key = form.new_key()
    return key[:-1] + ("0" if key[-1] != "0" else "1")


@pytest.mark.parametrize("carrier", ["Authorization", "X-API-Key", "both"])
def test_a_key_comes_in_by_either_header(guarded, carrier):
    key = new_key()["key"]
    headers = {"X-API-Key": key} if carrier == "X-API-Key" else bearer(key)
    if carrier == "both":  # a proxy's own login does not hide the key
        headers = {"Authorization": "Basic YTpi", "X-API-Key": key}
    assert guarded.get("/api/jobs", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("scopes", "read", "write", "admin"),
    [
        ("read", 200, 403, 403),
        ("write", 200, 201, 403),
        ("read,write", 200, 201, 403),
        ("admin", 200, 201, 200),
    ],
)
def test_scopes_decide(guarded, scopes, read, write, admin):
    headers = bearer(new_key(scopes))
    assert guarded.get("/api/jobs", headers=headers).status_code == read
    assert guarded.options("/api/jobs", headers=headers).status_code == read
    question = {"schedule": {"type": "manual"}}
    asked = guarded.post("/api/schedules/preview", json=question, headers=headers)
    assert asked.status_code == read
    made = guarded.post("/api/jobs", json=wish(), headers=headers)
    assert made.status_code == write
    if write == 403:
        assert made.json["error"] == "insufficient permissions"
    for method, path, body in (
        ("GET", "/api/api-keys", None),
        ("PATCH", "/api/system/config", {"key": "default_priority", "value": "6"}),
    ):
        answer = guarded.open(path, method=method, json=body, headers=headers)
        assert answer.status_code == admin
        if admin == 403:
            assert answer.json["error"] == "admin scope required"


def test_who_made_a_job_is_kept_without_the_key(guarded):
    key = new_key()
    made = guarded.post("/api/jobs", json=wish(), headers=bearer(key)).json["data"]
    assert made["created_by"] == "key:k"
    assert key["key"] not in str(made)


@pytest.mark.parametrize("change", ["revoke", "off", "scopes", "expiry", "rotate", "delete"])
def test_a_change_holds_in_another_process_within_a_second(guarded, change):
    other = create_app(AUTH).test_client()  # has a memory of its own, as another process has
    admin, key = bearer(new_key("admin")), new_key()
    post = {"json": wish(), "headers": bearer(key)}
    assert [c.post("/api/jobs", **post).status_code for c in (guarded, other)] == [201, 201]
    path = f"/api/api-keys/{key['id']}"
    answer = {
        "revoke": lambda: guarded.post(f"{path}/revoke", headers=admin),
        "rotate": lambda: guarded.post(f"{path}/rotate", headers=admin),
        "delete": lambda: guarded.delete(path, headers=admin),
        "off": lambda: guarded.patch(path, json={"is_active": False}, headers=admin),
        "scopes": lambda: guarded.patch(path, json={"scopes": "read"}, headers=admin),
        "expiry": lambda: _expire(key["id"]),
    }[change]()
    assert answer is None or answer.status_code in {200, 204}
    expected = 403 if change == "scopes" else 401
    deadline = time.monotonic() + 1.5
    for client in (guarded, other):
        while client.post("/api/jobs", **post).status_code != expected:
            assert time.monotonic() < deadline, change
            time.sleep(0.05)
    if change == "rotate":
        assert other.get("/api/jobs", headers=bearer(answer.json["data"])).status_code == 200


def _expire(key_id):
    with transaction() as session:
        session.execute(
            sa.update(ApiKey).where(ApiKey.id == key_id).values(expires_at=ApiKey.created_at)
        )
        access.changed(session)


def test_a_remembered_key_is_not_asked_for_again(guarded):
    headers = bearer(new_key())
    guarded.get("/api/job-types", headers=headers)
    statements = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    for _ in range(5):
        assert guarded.get("/api/job-types", headers=headers).status_code == 200
    assert not [s for s in statements if "api_keys" in s]


def test_the_last_use_is_noted_once_a_minute(guarded):
    key = new_key()
    statements = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *a: statements.append(a[2]))
    for _ in range(5):
        guarded.get("/api/job-types", headers=bearer(key))
    assert len([s for s in statements if s.startswith("UPDATE api_keys")]) == 1
    with db.reading() as session:
        assert session.get_one(ApiKey, key["id"]).last_used_at is not None


def test_a_stranger_sees_that_it_is_well_and_no_more(guarded):
    accept = {"Accept": "application/json"}
    stranger = guarded.get("/health", headers=accept)
    assert stranger.status_code == 200
    assert not {"version", "queues"} & stranger.json.keys()
    mistaken = guarded.get("/health", headers=accept | bearer("x"))
    assert not {"version", "queues"} & mistaken.json.keys()
    known = guarded.get("/health", headers=accept | bearer(new_key("read")))
    assert {"version", "queues"} <= known.json.keys()


def test_with_keys_the_host_may_be_any_and_foreign_pages_still_change_nothing(guarded):
    headers = bearer(new_key("admin")) | {"Host": "jobs.example.com"}
    assert guarded.get("/api/jobs", headers=headers).status_code == 200
    foreign = headers | {"Origin": "https://evil.test"}
    assert guarded.post("/api/jobs", json=wish(), headers=foreign).status_code == 403


def test_checked_keys_are_counted(guarded):
    guarded.get("/api/jobs", headers=bearer(new_key()))
    guarded.get("/api/jobs", headers=bearer("x"))
    text = guarded.get("/metrics").text
    for result in ("success", "failed"):
        line = f'oneoff_apikey_validations_total{{result="{result}"}} '
        assert float(text.partition(line)[2].split()[0]) >= 1


def test_two_keys_of_one_name_do_not_share_their_idempotency_keys(guarded):
    answers = [
        guarded.post("/api/jobs", json=wish(), headers=bearer(new_key()) | {"Idempotency-Key": "a"})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json["data"]["id"] != answers[1].json["data"]["id"]


def test_no_key_is_kept_anywhere(guarded):
    admin = bearer(new_key("admin")) | {"Idempotency-Key": "once"}
    made = guarded.post("/api/api-keys", json={"name": "n"}, headers=admin).json["data"]
    with db.reading() as session:
        kept = [str(vars(row)) for row in session.scalars(sa.select(ApiKey))]
        kept += [str(vars(row)) for row in session.scalars(sa.select(IdempotencyKey))]
    assert made["key"] not in str(kept)
    assert made["key"][20:] not in str(kept)


def test_each_route_says_what_it_needs(guarded):
    known = set(permits.PERMITS) | permits.OPEN
    assert set(guarded.application.view_functions) == known
    needs = {name for endpoint in permits.PERMITS for name in permits.needed(endpoint)}
    assert needs - {permits.KNOWN, permits.PERSON, permits.SIGNED_IN} <= EVERY
