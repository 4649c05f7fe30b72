"""Webhooks through the client."""

import pytest

from app.client import Client, Conflict, NotFound
from app.domain.webhooks import EVENTS
from tests.support.http_target import HttpTarget, answer

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def webhooks(api_url):
    """The client's part for webhooks."""
    with Client(api_url) as client:
        yield client.webhooks


def test_a_webhook_lives_from_create_to_delete(webhooks):
    assert webhooks.events() == tuple(EVENTS)
    with HttpTarget() as target:
        url = target.serve(answer(500, b"no"))
        made = webhooks.create("ops", url, ["job.failed"], secret="hush")
        sent = webhooks.test(made.id)
    assert (made.secret, made.has_secret, made.events) == ("hush", True, "job.failed")
    assert (sent.status, sent.response_code, sent.response_body) == ("failed", 500, "no")
    assert [one.id for one in webhooks.walk()] == [made.id]
    assert webhooks.get(made.id).secret is None
    assert [row.id for row in webhooks.deliveries(made.id, status="failed")] == [sent.id]
    assert webhooks.replay(made.id, sent.id).status == "pending"
    assert webhooks.rotate_secret(made.id).secret not in {None, "hush"}
    assert not webhooks.update(made.id, is_active=False, events="job.created").is_active
    with pytest.raises(Conflict, match="switched off"):
        webhooks.replay_failed(made.id)
    webhooks.update(made.id, is_active=True)
    assert webhooks.replay_failed(made.id) == 0  # what was sent as a test is not sent again
    webhooks.delete(made.id)
    with pytest.raises(NotFound, match="webhook not found"):
        webhooks.get(made.id)
