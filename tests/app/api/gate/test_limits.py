"""Nobody asks more than is allowed, and nobody is held back by what others ask."""

import re

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.db import transaction
from app.factory import create_app
from app.services import api_keys
from app.settings import Settings
from tests.support.api import wish


@pytest.fixture
def api(real_broker, broker_socket):
    """Make clients of an API with these limits, on a real Redis."""

    def make(**values):
        url = f"redis+socket://{broker_socket}"
        given = {"auth_enabled": True, "broker_url": url} | values
        return create_app(Settings(**given)).test_client()

    return make


def key(name="k", scopes="write"):
    with transaction() as session:
        made = api_keys.create(session, {"name": name, "scopes": scopes}, "test")
    return {"Authorization": f"Bearer {made['key']}"}


def statuses(client, times, headers, **more):
    return [client.get("/api/job-types", headers=headers, **more).status_code for _ in range(times)]


def test_a_caller_is_told_what_is_left_and_refused_beyond_it(api):
    client, mine = api(rate_limit=3), key()
    first = client.get("/api/job-types", headers=mine)
    assert first.headers["RateLimit-Policy"] == '"default";q=3;w=60'
    assert re.fullmatch(r'"default";r=2;t=\d+', first.headers["RateLimit"])
    assert statuses(client, 2, mine) == [200, 200]
    refused = client.get("/api/job-types", headers=mine)
    assert (refused.status_code, refused.json["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"default";r=0;t=')


def test_callers_do_not_share_a_budget_and_processes_do(api):
    one, other = api(rate_limit=2), api(rate_limit=2)
    mine, yours = key("same name"), key("same name")
    assert statuses(one, 1, mine) + statuses(other, 2, mine) == [200, 200, 429]
    assert statuses(one, 1, yours) + statuses(other, 1, yours) == [200, 200]


def test_starts_have_a_budget_of_their_own(api):
    client, mine = api(rate_limit_starts=1), key()
    job = client.post("/api/jobs", json=wish(), headers=mine).json["data"]["id"]
    first = client.post(f"/api/jobs/{job}/execute", headers=mine)
    assert first.status_code == 200
    assert '"starts";q=1;w=60' in first.headers["RateLimit-Policy"]
    assert client.post(f"/api/jobs/{job}/run", headers=mine).status_code == 429
    assert client.get(f"/api/jobs/{job}", headers=mine).status_code == 200


def test_guesses_are_counted_by_address_and_hold_back_nobody_else(api):
    client = api(rate_limit_strangers=2, trusted_proxies="127.0.0.1")
    wrong = {"Authorization": "Bearer oneoff_wrong"}
    assert statuses(client, 3, wrong) == [401, 401, 429]
    assert statuses(client, 1, wrong | {"X-Forwarded-For": "192.0.2.7"}) == [401]
    assert statuses(client, 3, key()) == [200, 200, 200]
    assert client.get("/api/openapi.json").status_code == 429


def test_a_forged_address_does_not_help(api):
    client = api(rate_limit_strangers=2)
    forged = [{"X-Forwarded-For": f"192.0.2.{n}"} for n in range(4)]
    assert [client.get("/api/jobs", headers=h).status_code for h in forged] == [401, 401, 429, 429]


def test_monitors_are_never_refused(api):
    client = api(rate_limit_strangers=1)
    for path in ("/health", "/health/live", "/health/ready", "/metrics"):
        assert {client.get(path).status_code for _ in range(3)} & {429} == set()


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "redis+socket:///nowhere"])
def test_without_redis_everybody_is_let_in_and_that_is_logged_once(api, url, caplog):
    client, mine = api(rate_limit=1, redis_url=url), key()
    assert statuses(client, 5, mine) == [200] * 5
    assert caplog.text.count("requests are not counted") == 1


def test_a_redis_that_is_full_lets_everybody_in(api, broker_socket):
    client, mine = api(rate_limit=1), key()
    with redis.Redis(unix_socket_path=str(broker_socket), retry=Retry(NoBackoff(), 0)) as server:
        server.config_set("maxmemory", 1)
        try:
            assert statuses(client, 3, mine) == [200] * 3
        finally:
            server.config_set("maxmemory", 0)


def test_on_rabbitmq_each_process_counts_for_itself(api):
    client, mine = api(rate_limit=1, broker_url="amqp://nowhere"), key()
    assert statuses(client, 2, mine) == [200, 429]


def test_zero_is_no_limit_and_without_authentication_there_is_none(api):
    assert "RateLimit" not in api(rate_limit=0).get("/api/job-types", headers=key()).headers
    free = api(auth_enabled=False, rate_limit=1)
    assert statuses(free, 3, {}) == [200] * 3


def test_the_files_of_the_page_count_for_nobody(api):
    client = api(rate_limit_strangers=1)
    for _ in range(3):
        with client.get("/favicon.svg") as answer:
            assert answer.status_code in {200, 404}
    assert client.get("/api/openapi.json").status_code == 200
