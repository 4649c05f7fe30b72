"""Maintenance duties, rung for by beat."""

from celery import shared_task

from app.gateways.broker import CHORE_TASK
from workers import chores


@shared_task(name=CHORE_TASK, send_events=False)
def perform(name: str) -> None:
    """Do one chore."""
    chores.perform(name)
