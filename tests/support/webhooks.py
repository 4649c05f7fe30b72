"""Webhooks in tests: making them, and what their receivers saw."""

import json

from app import db
from app.gateways import broker
from app.models import WebhookDelivery
from app.services.webhooks import deliveries
from tests.support.brokers import taken

PATH = "/api/webhooks"
ALL = "job.created,job.started,job.completed,job.failed,job.cancelled,job.skipped,job.timeout"
ALL += ",job.retrying,job.dead_letter"


def subscribe(client, url="http://127.0.0.1:9/", **over):
    """Make a webhook and return it."""
    body = {"name": "a webhook", "url": url, "events": ALL} | over
    answer = client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def listed(client, webhook, **query):
    """Return the deliveries of a webhook, the oldest first."""
    answer = client.get(f"{PATH}/{webhook['id']}/deliveries", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.json["data"][::-1]


def told(client, webhook):
    """Return the names of the events on their way to a webhook, in order."""
    return [row["event_type"] for row in listed(client, webhook)]


def payload(row):
    """Return what a delivery says."""
    return json.loads(row["payload"])


def claim(webhook_id, lease=60.0):
    """Take the next due delivery, as a worker does."""
    with db.transaction() as session:
        return deliveries.claim(session, webhook_id, lease)


def record(attempt, outcome, max_retries=12):
    """Record how a try ended, as a worker does."""
    with db.transaction() as session:
        return deliveries.record(session, attempt, outcome, max_retries)


def delivery(row_id):
    """Return the row of a delivery."""
    with db.reading() as session:
        return session.get_one(WebhookDelivery, row_id)


def rung_for():
    """Take the rings for webhooks from the broker; return the webhooks' ids in their order."""
    messages = list(taken(broker.WEBHOOKS))
    assert {one.headers["task"] for one in messages} <= {broker.DELIVER_TASK}
    return [one.decode()[0][0] for one in messages]
