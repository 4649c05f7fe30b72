"""Webhooks from the command line."""

import json

import pytest

from app.domain import signing
from tests.app.cli.test_jobs import ended
from tests.support.api import get
from tests.support.http_target import HttpTarget, answer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def target():
    with HttpTarget() as running:
        yield running


def make(oneoff, url, *words):
    return ended(oneoff("webhooks", "create", "ops", url, "--event", "job.failed", *words)).split()


def test_a_webhook_lives_from_create_to_delete(oneoff, client, target):
    webhook_id, secret = make(oneoff, target.serve(answer()), "--project", "default")
    assert len(signing.key_of(secret)) == 32
    assert "job.failed" in ended(oneoff("webhooks", "list"))
    shown = ended(oneoff("webhooks", "show", "ops"))
    assert webhook_id in shown
    assert secret not in shown
    ended(oneoff("webhooks", "edit", "ops", "--event", "job.created", "--event", "job.skipped"))
    changed = get(client, f"/api/webhooks/{webhook_id}")["data"]
    assert (changed["events"], changed["project_id"]) == ("job.created,job.skipped", "default")
    assert ended(oneoff("webhooks", "test", "ops")).strip() == "success; the receiver answered 200"
    assert signing.verify_body(
        secret, target.seen[0].body, target.seen[0].headers["x-oneoff-signature"]
    )
    fresh = ended(oneoff("webhooks", "rotate", "ops")).strip()
    assert fresh != secret
    rows = json.loads(ended(oneoff("webhooks", "deliveries", "ops", "--json")))["data"]
    assert [row["event_type"] for row in rows] == ["test"]
    assert "--yes" in oneoff("webhooks", "delete", "ops").stderr
    ended(oneoff("webhooks", "delete", "ops", "--yes"))
    assert "There are no webhooks" in oneoff("webhooks", "list").stderr


def test_what_failed_is_listed_and_sent_again(oneoff, target):
    url = target.serve(answer(500), "/hook")
    assert len(make(oneoff, url, "--unsigned")) == 1
    done = oneoff("webhooks", "test", "ops")
    ended(done, 1)
    assert "the receiver answered 500" in done.stderr
    listed = ended(oneoff("webhooks", "deliveries", "ops", "--status", "failed"))
    delivery_id = listed.splitlines()[1].split()[0]
    assert "pending" in ended(oneoff("webhooks", "replay", "ops", delivery_id))
    assert ended(oneoff("webhooks", "replay", "ops", "--failed")).strip() == "0 sent again"
    ended(oneoff("webhooks", "replay", "ops", delivery_id), 1)
    ended(oneoff("webhooks", "edit", "ops", "--inactive"))
    ended(oneoff("webhooks", "replay", "ops", "--failed"), 1)


def test_a_secret_can_be_given_in_a_file(oneoff, client, tmp_path):
    (tmp_path / "secret").write_text("hush\n")
    printed = make(oneoff, "https://example.com/", "--secret-file", tmp_path / "secret")
    assert get(client, f"/api/webhooks/{printed[0]}")["data"]["has_secret"]
    assert len(printed) == 1


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["create", "w", "https://example.com"], 2, "--event"),
        (["create", "w", "example.com", "--event", "job.failed"], 1, "url"),
        (["edit", "0" * 32], 2, "say what to change"),
        (["show", "0" * 32], 1, "webhook not found"),
        (["replay", "0" * 32, "abc"], 1, "no id of a delivery"),
    ],
)
def test_what_is_wrong_is_said(oneoff, words, code, said):
    done = oneoff("webhooks", *words)
    ended(done, code)
    assert said in done.stderr
