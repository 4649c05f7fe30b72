"""Rings for webhooks that have deliveries due."""

from celery import shared_task

from app.gateways.broker import DELIVER_TASK
from workers import deliveries


@shared_task(name=DELIVER_TASK, send_events=False)
def deliver(webhook_id: str) -> None:
    """Send what is due to one webhook."""
    deliveries.sender().drain(webhook_id)
