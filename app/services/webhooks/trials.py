"""Trying a webhook out: one delivery without data, sent while the caller waits."""

from typing import Any

from app.db import transaction
from app.gateways.http import Door
from app.services.webhooks import deliveries, history, outbox, subscriptions
from app.services.webhooks.deliveries import LEASE_MARGIN_SECONDS
from app.settings import Settings


def send_test(webhook_id: str, settings: Settings) -> dict[str, Any]:
    """Send a delivery of the event ``test``, once; return it with how it ended.

    It has two units of work of its own: none is open while the receiver is asked.
    Raises :class:`app.domain.errors.NotFound`.
    """
    door = Door(settings.webhook_outbound, settings.webhook_timeout_seconds)
    with transaction() as session:
        webhook = subscriptions.get(session, webhook_id)
        delivery_id = outbox.add_test(session, webhook.id)
        lease = door.seconds + LEASE_MARGIN_SECONDS
        attempt = deliveries.claim_one(session, webhook, delivery_id, lease)
    if attempt is not None:
        outcome = deliveries.send(attempt, door)
        with transaction() as session:
            deliveries.record(session, attempt, outcome, max_retries=0)
    with transaction() as session:
        webhook = subscriptions.get(session, webhook_id)
        return history.wire(history.get(session, webhook, delivery_id))
