"""Rings for executions: the Celery tasks say only whom to call."""

from datetime import datetime

from celery import shared_task

from app.gateways.broker import RELEASE_TASK, RUN_TASK
from app.gateways.messages import Pair
from workers import dispatch, process


@shared_task(name=RUN_TASK, send_events=False)
def run(pairs: list[Pair]) -> None:
    """Work off this worker's run queues; the pairs only say why it was rung."""
    del pairs
    process.runner().drain()


@shared_task(name=RELEASE_TASK, send_events=False)
def release(pairs: list[Pair], latest: str | None = None) -> None:
    """Move rows to their run queues at their moment; ``latest``: when the last of them is due."""
    moment = datetime.fromisoformat(latest) if latest else None
    dispatch.release([(row_id, generation) for row_id, generation in pairs], moment)
