"""Addresses that http jobs must not reach are refused when the job is saved."""

import pytest


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
        "http://[::ffff:a9fe:a9fe]/",
    ],
)
def test_a_literal_address_outside_the_rules_is_refused_with_its_field(client, url) -> None:
    body = {"name": "x", "type": "http", "config": {"url": url}, "scheduled_at": "now"}
    answer = client.post("/api/jobs", json=body)
    assert answer.status_code == 400
    assert [fault["field"] for fault in answer.json["details"]] == ["config.url"]


def test_loopback_is_allowed_unless_the_operator_denies_it(client) -> None:
    body = {"name": "x", "type": "http", "config": {"url": "http://127.0.0.1:9/"}}
    answer = client.post("/api/jobs", json=body | {"scheduled_at": "2100-01-01T00:00:00Z"})
    assert answer.status_code == 201
