"""Links of chains: one Celery chain carries a run from link to link."""

from typing import Any

from celery import current_app, shared_task
from celery.exceptions import Ignore

from app.gateways import broker
from app.gateways.broker import LINK_TASK
from app.services.chain_runs import Place
from workers import process


@shared_task(name=LINK_TASK, bind=True, send_events=False)
def run_link(task: Any, chain_run_id: str, index: int, generation: int) -> None:
    """Run a link to its end. Ignored it ends this chain: the next link has, or gets, another."""
    for step in task.request.chain or ():
        broker.know_queue(current_app, step["options"]["queue"])
    if not process.runner().run_link(Place(chain_run_id, index, generation)):
        raise Ignore
