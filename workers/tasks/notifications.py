"""Rings for e-mails that are due."""

from celery import shared_task

from app.services.notifications.sending import SEND_TASK
from workers import notifications


@shared_task(name=SEND_TASK, send_events=False)
def send() -> None:
    """Send what is due."""
    notifications.postman().drain()
