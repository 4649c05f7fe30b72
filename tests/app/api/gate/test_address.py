"""Who stands in front of a trusted proxy is known; nobody else can say who he is."""

import pytest
from flask import Flask

from app.api.gate.address import came_by_tls, client_address
from app.settings import Settings

PROXIES = "10.0.0.0/8, ::1"


def seen(peer, forwarded=None, proxies=PROXIES):
    app = Flask("t")
    app.config["SETTINGS"] = Settings(trusted_proxies=proxies)
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    environ = {} if peer is None else {"REMOTE_ADDR": peer}
    with app.test_request_context("/", headers=headers, environ_overrides=environ):
        return client_address()


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "198.51.100.7, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.1.1.1", "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9:4711", "203.0.113.9"),
        ("::1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "rubbish", "10.0.0.1"),
        ("10.0.0.1", "203.0.113.9, rubbish", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4," * 10_000 + "10.2.2.2", "1.2.3.4"),
    ],
)
def test_the_last_hop_that_is_no_proxy_of_ours_counts(peer, forwarded, address):
    assert seen(peer, forwarded) == address


def test_without_trusted_proxies_nobody_can_say_who_he_is():
    assert seen("10.0.0.1", "203.0.113.9", proxies="") == "10.0.0.1"


@pytest.mark.parametrize(
    ("peer", "says", "is_secure"),
    [
        ("10.0.0.1", "https", True),
        ("10.0.0.1", "HTTPS", True),
        ("10.0.0.1", "http, https", True),
        ("10.0.0.1", "https, http", False),
        ("10.0.0.1", "http", False),
        ("192.0.2.1", "https", False),
    ],
)
def test_only_a_trusted_proxy_says_that_the_way_was_encrypted(peer, says, is_secure):
    app = Flask("t")
    app.config["SETTINGS"] = Settings(trusted_proxies=PROXIES)
    headers, environ = {"X-Forwarded-Proto": says}, {"REMOTE_ADDR": peer}
    with app.test_request_context("/", headers=headers, environ_overrides=environ):
        assert came_by_tls() is is_secure
