"""Keys that may be used from some networks only, and keys that overlap."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import transaction
from app.domain.clock import now
from app.factory import create_app
from app.models import ApiKey
from app.services import access
from app.settings import Settings
from tests.app.api.gate.test_auth import bearer, new_key
from tests.support.api import refused


@pytest.fixture
def guarded(real_broker):
    """A client of an API that asks for keys and trusts a proxy."""
    settings = Settings(auth_enabled=True, trusted_proxies="10.9.9.9")
    return create_app(settings).test_client()


def ask(client, key, address, path="/api/jobs", **headers):
    return client.get(path, headers=bearer(key) | headers, environ_base={"REMOTE_ADDR": address})


@pytest.mark.parametrize(
    ("addresses", "address", "status"),
    [
        ("", "192.0.2.7", 200),
        ("192.0.2.0/24", "192.0.2.7", 200),
        ("192.0.2.0/24", "192.0.3.7", 403),
        ("192.0.2.7,2001:db8::/32", "2001:db8::1", 200),
        ("192.0.2.7,2001:db8::/32", "2001:db9::1", 403),
        ("192.0.2.0/24", "::ffff:192.0.2.7", 200),
        ("0.0.0.0/0", "2001:db8::1", 403),
        ("192.0.2.0/24", "", 403),
    ],
)
def test_a_key_is_good_where_it_may_be_used(guarded, addresses, address, status):
    answer = ask(guarded, new_key(addresses=addresses), address)
    assert answer.status_code == status
    if status == 403:
        assert answer.json["details"]["reason"] == "address_not_allowed"


def test_what_a_stranger_says_of_the_address_does_not_count(guarded):
    key, forged = new_key(addresses="192.0.2.7"), {"X-Forwarded-For": "192.0.2.7"}
    refused(ask(guarded, key, "198.51.100.1", **forged), 403)
    assert ask(guarded, key, "10.9.9.9", **forged).status_code == 200


def test_elsewhere_the_key_is_as_good_as_none_where_all_may_ask(guarded):
    key = new_key("admin", addresses="192.0.2.7")
    accept = {"Accept": "application/json"}
    assert "version" not in ask(guarded, key, "198.51.100.1", "/health", **accept).json
    assert "version" in ask(guarded, key, "192.0.2.7", "/health", **accept).json


def test_addresses_are_given_and_taken_over_http(client):
    made = client.post(
        "/api/api-keys", json={"name": "k", "addresses": ["192.0.2.7", "10.0.0.0/8", "10.0.0.0/8"]}
    ).json["data"]
    assert made["addresses"] == ["192.0.2.7/32", "10.0.0.0/8"]
    path = f"/api/api-keys/{made['id']}"
    assert client.patch(path, json={"addresses": "::1"}).json["data"]["addresses"] == ["::1/128"]
    assert client.patch(path, json={"addresses": []}).json["data"]["addresses"] == []
    for wrong in (
        "10.0.0.1/8",
        "here",
        ["x"],
        [5],
        5,
        [f"10.{n}.0.0/16" for n in range(51)],
    ):
        refused(client.patch(path, json={"addresses": wrong}), 400, "addresses")


def test_after_a_rotation_both_are_good_until_the_old_one_ends(guarded):
    admin, old = bearer(new_key("admin")), new_key(addresses="127.0.0.0/8")
    path = f"/api/api-keys/{old['id']}"
    new = guarded.post(f"{path}/rotate", json={"overlap_seconds": 600}, headers=admin).json["data"]
    assert new["addresses"] == ["127.0.0.0/8"]
    for key in (old, new):
        assert guarded.get("/api/jobs", headers=bearer(key)).status_code == 200
    shown = guarded.get(path, headers=admin).json["data"]
    assert (shown["is_active"], "revoked_at" in shown, "expires_at" in shown) == (True, False, True)
    with transaction() as session:
        soon = sa.update(ApiKey).where(ApiKey.id == old["id"])
        session.execute(soon.values(expires_at=now() - timedelta(seconds=1)))
        access.changed(session)
    other = create_app(Settings(auth_enabled=True)).test_client()
    refused(other.get("/api/jobs", headers=bearer(old)), 401)
    assert other.get("/api/jobs", headers=bearer(new)).status_code == 200


def test_an_overlap_makes_no_key_live_longer(client):
    made = client.post(
        "/api/api-keys", json={"name": "k", "expires_at": "2100-01-01T00:00:00Z"}
    ).json["data"]
    path = f"/api/api-keys/{made['id']}"
    for wrong in (-1, 7 * 24 * 3600 + 1, "600", True):
        refused(
            client.post(f"{path}/rotate", json={"overlap_seconds": wrong}), 400, "overlap_seconds"
        )
    client.post(f"{path}/rotate", json={"overlap_seconds": 600})
    sooner = client.get(path).json["data"]["expires_at"]
    client.post(f"{path}/rotate", json={"overlap_seconds": 7 * 24 * 3600})
    assert client.get(path).json["data"]["expires_at"] == sooner
