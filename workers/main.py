"""A worker process: one pool for some lanes, from its registration to its end."""

import logging
import sys
from dataclasses import dataclass
from typing import Any

from celery import signals
from setproctitle import getproctitle, setproctitle

from app import bootstrap
from app.db import transaction
from app.gateways import broker, task_events, telemetry
from app.services import installation, workers
from app.services.workers import Registration
from app.settings import Settings
from workers import celery_app, fuse, process
from workers.containers import Caretaker
from workers.process import Identity
from workers.watch import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Lanes:
    """Which pool serves which lanes. No ``queues`` means all run queues, those to come too."""

    pool: str
    queues: tuple[str, ...]
    slots: int
    elastic: bool = False


def run(settings: Settings, lanes: Lanes) -> None:
    """Run one worker until it is told to stop; does not return."""
    fuse.renew()
    bootstrap.start("worker", settings)
    if lanes.pool == "prefork":
        telemetry.leave_to_children()
    queues = lanes.queues or _all_run_queues()
    with transaction() as session:
        worker_id = workers.register(session, Registration(lanes.pool, queues, lanes.slots))
        installation_id = installation.installation_id(session)
    served = _run_queues_only(lanes.queues)
    process.prepare(Identity(settings, installation_id, worker_id, served, lanes.slots))
    process.sweep_scratch()
    watch = Watch(
        settings, worker_id, queues, lanes.slots, serves_all=not lanes.queues, elastic=lanes.elastic
    )
    if not lanes.queues or _run_queues_only(lanes.queues):
        caretaker = Caretaker(settings.docker_host, installation_id, worker_id)
        watch.after_death = caretaker.look_now
        signals.worker_ready.connect(lambda **_: caretaker.start(), weak=False)
    _connect(watch)
    app = celery_app.make(lanes.pool, queues)
    worker = app.Worker(
        hostname=task_events.node_name(worker_id),
        pool_cls=lanes.pool,
        concurrency=lanes.slots,
        queues=[broker.real_name(name) for name in queues],
        loglevel=logging.getLogger().level,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    sys.exit(worker.exitcode or 0)


def _all_run_queues() -> tuple[str, ...]:
    with transaction() as session:
        return workers.run_queues(session)


def _run_queues_only(queues: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(q for q in queues if q not in broker.RESERVED)


def _connect(watch: Watch) -> None:
    title = getproctitle()

    def ready(sender: Any, **_: Any) -> None:
        setproctitle(title)  # Celery has put its own in its place
        watch.start(sender)
        log.info("worker %s takes %s", watch.worker_id, ", ".join(watch.queues))

    def gone(**_: Any) -> None:
        with transaction() as session:
            workers.stop(session, watch.worker_id, "its worker was stopped")
        process.sweep_scratch()
        telemetry.stop()

    def forked(**_: Any) -> None:
        setproctitle(f"{title}, pool process")

    def child_gone(**_: Any) -> None:
        telemetry.stop()

    signals.worker_ready.connect(ready, weak=False)
    signals.worker_process_init.connect(forked, weak=False)
    signals.worker_process_shutdown.connect(child_gone, weak=False)
    signals.worker_shutdown.connect(gone, weak=False)


def run_lanes(
    settings: Settings,
    pool: str,
    queues: tuple[str, ...],
    slots: int,
    elastic: bool,  # noqa: FBT001
) -> None:
    """Run one worker; the form in which the command line asks for it."""
    run(settings, Lanes(pool, queues, slots, elastic))
