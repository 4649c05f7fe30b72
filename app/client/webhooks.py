"""Webhooks: telling other programs what happens."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Unpack

from app.client import lists
from app.client.connection import Connection
from app.client.things import Page, Thing
from app.client.wishes import DeliveryQuery, PageQuery, WebhookEdit, WebhookFields

#: A receiver has at most so many seconds to answer a test.
_PATIENCE = 60.0


class Webhook(Thing):
    """An outgoing subscription; ``secret`` is there only when it is new."""

    id: str
    name: str
    url: str
    events: str
    project_id: str | None = None
    is_active: bool
    has_secret: bool
    disabled_reason: str | None = None
    failures: int = 0
    paused_until: datetime | None = None
    created_by: str | None = None
    created_at: datetime
    updated_at: datetime
    secret: str | None = None


class Delivery(Thing):
    """One event on its way to one webhook; ``payload`` is the JSON text that is sent."""

    id: str
    webhook_id: str
    sequence: int
    event_type: str
    payload: str
    status: str
    attempts: int
    next_retry_at: datetime | None = None
    response_code: int | None = None
    response_body: str | None = None
    error: str | None = None
    created_at: datetime
    completed_at: datetime | None = None


class Webhooks:
    """``client.webhooks``"""

    _path = "/api/webhooks"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, **query: Unpack[PageQuery]) -> Page[Webhook]:
        """Return a page of webhooks, the newest first."""
        return lists.page(self._connection, self._path, query, Webhook)

    def walk(self) -> Iterator[Webhook]:
        """Yield all webhooks, the newest first."""
        return lists.walk(self.list, {})

    def create(
        self, name: str, url: str, events: str | Sequence[str], **fields: Unpack[WebhookFields]
    ) -> Webhook:
        """Make a webhook. It is not repeated by itself if the answer gets lost."""
        body = {**fields, "name": name, "url": url, "events": events}
        return Webhook.read(self._connection.post(self._path, body)["data"])

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook."""
        return Webhook.read(self._connection.get(f"{self._path}/{webhook_id}")["data"])

    def update(self, webhook_id: str, **fields: Unpack[WebhookEdit]) -> Webhook:
        """Change a webhook."""
        path = f"{self._path}/{webhook_id}"
        return Webhook.read(self._connection.patch(path, fields)["data"])

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook with its deliveries."""
        self._connection.delete(f"{self._path}/{webhook_id}")

    def test(self, webhook_id: str) -> Delivery:
        """Send a delivery of the event ``test``; return how it ended."""
        path = f"{self._path}/{webhook_id}/test"
        found = self._connection.post(path, patience=_PATIENCE)["data"]
        return Delivery.read(found["delivery"])

    def rotate_secret(self, webhook_id: str) -> Webhook:
        """Make a new secret, which only this answer holds."""
        path = f"{self._path}/{webhook_id}/rotate-secret"
        return Webhook.read(self._connection.post(path)["data"])

    def deliveries(self, webhook_id: str, **query: Unpack[DeliveryQuery]) -> Page[Delivery]:
        """Return a page of deliveries, the newest first."""
        path = f"{self._path}/{webhook_id}/deliveries"
        return lists.page(self._connection, path, query, Delivery)

    def replay(self, webhook_id: str, delivery_id: str) -> Delivery:
        """Send a delivery again, under its old id."""
        path = f"{self._path}/{webhook_id}/deliveries/{delivery_id}/replay"
        return Delivery.read(self._connection.post(path)["data"])

    def replay_failed(self, webhook_id: str) -> int:
        """Send again all deliveries that failed; return how many."""
        path = f"{self._path}/{webhook_id}/deliveries/replay-failed"
        return int(self._connection.post(path)["data"]["replayed"])

    def events(self) -> tuple[str, ...]:
        """Return the events that can be subscribed to."""
        return tuple(self._connection.get("/api/webhook-events")["data"])
