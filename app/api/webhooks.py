"""Webhooks over HTTP: subscriptions of other programs, and the deliveries to them.

Making and rotating take no Idempotency-Key: the answer holds the secret, which is shown only once.
"""

from typing import Any

import marshmallow as ma
from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import split, wanted
from app.api.schemas.common import envelope, listing
from app.api.schemas.system import whole
from app.api.schemas.webhooks import (
    DeliveryOut,
    DeliveryQuery,
    NewWebhook,
    NewWebhookOut,
    ReplayedOut,
    TestOut,
    WebhookEdit,
    WebhookOut,
    WebhookQuery,
)
from app.db import reading, transaction
from app.domain.outbound import OutboundPolicy
from app.domain.webhooks import EVENTS
from app.services.webhooks import history, subscriptions, trials
from app.settings import Settings

blp = Blueprint("webhooks", __name__, url_prefix="/api", description="Telling other programs")

WebhookEnvelope = envelope(WebhookOut, "WebhookEnvelope")
NewWebhookEnvelope = envelope(NewWebhookOut, "NewWebhookEnvelope")
_ONE = "/webhooks/<webhook_id>"


@blp.get("/webhooks")
@blp.arguments(WebhookQuery, location="query")
@blp.response(200, listing(WebhookOut, "WebhookList"))
def list_webhooks(query: dict[str, Any]) -> Response:
    """List webhooks, the newest first"""
    with reading() as session:
        return answers.listed(subscriptions.page(session, wanted(query)))


@blp.post("/webhooks")
@blp.arguments(NewWebhook)
@blp.response(201, NewWebhookEnvelope)
def create_webhook(values: dict[str, Any]) -> Response:
    """Make a webhook; only this answer holds its secret"""
    with transaction() as session:
        made = subscriptions.create(session, values, answers.actor(), _policy())
    return answers.data(made, 201)


@blp.get(_ONE)
@blp.response(200, WebhookEnvelope)
def get_webhook(webhook_id: str) -> Response:
    """Return a webhook"""
    with reading() as session:
        return answers.data(subscriptions.wire(subscriptions.get(session, webhook_id)))


@blp.route(_ONE, methods=["PATCH", "PUT"])
@blp.arguments(WebhookEdit)
@blp.response(200, WebhookEnvelope)
def update_webhook(values: dict[str, Any], webhook_id: str) -> Response:
    """Change a webhook"""
    with transaction() as session:
        changed = subscriptions.update(session, webhook_id, values, _policy())
    return answers.data(changed)


@blp.delete(_ONE)
@blp.response(204)
def delete_webhook(webhook_id: str) -> Response:
    """Delete a webhook with its deliveries"""
    with transaction() as session:
        subscriptions.delete(session, webhook_id)
    return Response(status=204)


@blp.post(f"{_ONE}/test")
@blp.response(200, envelope(TestOut, "WebhookTestEnvelope"))
def test_webhook(webhook_id: str) -> Response:
    """Send a delivery of the event test, and wait for its end"""
    delivery = trials.send_test(webhook_id, _settings())
    return answers.data({"status": "test sent", "delivery": delivery})


@blp.post(f"{_ONE}/rotate-secret")
@blp.response(200, NewWebhookEnvelope)
def rotate_webhook_secret(webhook_id: str) -> Response:
    """Make a new secret; the old one goes on signing beside it for 24 hours"""
    with transaction() as session:
        changed = subscriptions.rotate_secret(session, webhook_id)
    return answers.data(changed)


@blp.get(f"{_ONE}/deliveries")
@blp.arguments(DeliveryQuery, location="query")
@blp.response(200, listing(DeliveryOut, "DeliveryList"))
def list_deliveries(query: dict[str, Any], webhook_id: str) -> Response:
    """List deliveries, the newest first"""
    filters, page = split(query, history.DeliveryFilters)
    with reading() as session:
        webhook = subscriptions.get(session, webhook_id)
        return answers.listed(history.page(session, webhook, filters, page))


@blp.post(f"{_ONE}/deliveries/<delivery_id>/replay")
@blp.response(200, envelope(DeliveryOut, "DeliveryEnvelope"))
def replay_delivery(webhook_id: str, delivery_id: str) -> Response:
    """Send a delivery again, under its old id"""
    with transaction() as session:
        webhook = subscriptions.get(session, webhook_id, lock=True)
        again = history.replay(session, webhook, delivery_id)
    return answers.data(again)


@blp.post(f"{_ONE}/deliveries/replay-failed")
@blp.response(200, envelope(ReplayedOut, "ReplayedEnvelope"))
def replay_failed_deliveries(webhook_id: str) -> Response:
    """Send again all deliveries that failed"""
    with transaction() as session:
        webhook = subscriptions.get(session, webhook_id, lock=True)
        count = history.replay_failed(session, webhook)
    return answers.data({"replayed": count})


@blp.get("/webhook-events")
@blp.response(200, whole(ma.fields.String(), "WebhookEventNames"))
def list_webhook_events() -> Response:
    """List the events that can be subscribed to"""
    return answers.data([*EVENTS])


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def _policy() -> OutboundPolicy:
    return _settings().webhook_outbound
