"""The workers' Celery application: pools and the signals of a worker's life."""

import warnings
from typing import Any

from celery import Celery, signals
from celery.platforms import SecurityWarning
from celery.worker.control import control_command
from kombu import Queue

from app.gateways import broker
from workers import fuse

#: A pool process that has grown beyond this is replaced between two rings (KiB).
LARGEST_PROCESS_KIB = 500_000


#: The modules that hold our tasks.
TASKS = ("executions", "chains", "chores", "deliveries", "notifications")


def make(pool: str, queues: tuple[str, ...]) -> Celery:
    """Return the application for one pool of processes or threads serving ``queues``."""
    # We accept JSON only, and serve has said already that it runs as root.
    warnings.simplefilter("ignore", SecurityWarning)
    app = broker.make_app("oneoff-worker")
    app.set_default()
    dispatching = broker.DISPATCH in queues
    app.conf.update(
        task_queues=_declared(queues),
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_prefetch_multiplier=0 if dispatching else 1,
        worker_disable_prefetch=broker.is_redis() and not dispatching,
        worker_max_memory_per_child=LARGEST_PROCESS_KIB if pool == "prefork" else None,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        imports=tuple(f"workers.tasks.{name}" for name in TASKS),
    )
    return app


def _declared(queues: tuple[str, ...]) -> list[Queue]:
    return [broker.queue_named(name) for name in dict.fromkeys((*queues, *broker.RESERVED))]


#: Flower asks for events every five seconds; when it stops asking they end.
WATCHED_SECONDS = 15


@control_command(name="enable_events")
def _tell_of_executions(_state: Any) -> dict[str, str]:
    """Send events of executions for a while; those of rings, Celery's own, stay off."""
    fuse.watch_for(WATCHED_SECONDS)
    return {"ok": "events of executions are sent"}


@signals.worker_shutting_down.connect(weak=False)
def _stop_claiming(**_: Any) -> None:
    fuse.ask_to_stop()
