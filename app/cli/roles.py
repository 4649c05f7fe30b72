"""What the roles of the product do when they run, named so that a parent can fork them.

The command line knows workers, beat and the API only by name: it starts them as processes.
"""

import importlib
import os
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import configure_mappers

from app import bootstrap, db
from app.cli import broker_server
from app.cli.supervisor import KILL_AFTER_SECONDS, Role, fork
from app.gateways import forking, telemetry
from app.services import workers
from app.settings import Settings

#: Threads of the worker of webhooks, notifications and chores; those it does not need don't start.
AUXILIARY_SLOTS = 16
#: Imported once by a parent before it forks, so that its children share the memory. What only the
#: API needs it imports itself: in the parent that would be there twice, as its users write to it.
PRELOADED = (
    "workers.main",
    "workers.celery_app",
    "workers.process",
    "workers.tasks.executions",
    "workers.tasks.chores",
    "workers.tasks.deliveries",
    "workers.tasks.notifications",
    "beat.scheduler",
    "celery.apps.worker",
    "celery.app.amqp",
    "celery.app.control",
    "celery.app.events",
    "celery.app.log",
    "celery.backends.base",
    "celery.concurrency.prefork",
    "celery.concurrency.thread",
    "celery.events.receiver",
    "celery.events.state",
    "celery.worker.autoscale",
    "celery.worker.components",
    "celery.worker.consumer",
    "celery.worker.pidbox",
    "kombu.transport.redis",
)


def preload(settings: Settings) -> None:
    """Import what the roles need; nothing here opens a socket or starts a thread."""
    with forking.loading():
        for name in PRELOADED:
            importlib.import_module(name)
        configure_mappers()
        if settings.has_telemetry:
            telemetry.preload()


def call(where: str, *arguments: Any) -> None:
    """Call ``package.module:function`` with arguments."""
    module, name = where.split(":")
    getattr(importlib.import_module(module), name)(*arguments)


def api(settings: Settings) -> Role:
    """Return the role that answers HTTP."""
    return Role("api", lambda: call("app.cli.api_server:run", settings))


def beat(settings: Settings) -> Role:
    """Return the role of the clock."""
    return Role("beat", lambda: call("beat.scheduler:run", settings))


def broker(settings: Settings) -> Role:
    """Return the role of the embedded broker."""
    return Role("broker", lambda: broker_server.execute(settings))


def run_pool(
    settings: Settings,
    queues: tuple[str, ...] = (),
    slots: int | None = None,
    pool: str = "prefork",
) -> Role:
    """Return the worker of run queues: all of them, or those named."""
    lanes = (pool, queues, slots or settings.slots, slots is None)
    return _worker("worker", settings, lanes, settings.shutdown_grace_seconds)


def dispatcher(settings: Settings) -> Role:
    """Return the worker that moves rows to their run queues at their moment."""
    return _worker("dispatcher", settings, ("threads", ("dispatch",), 4, False))


def auxiliary(settings: Settings) -> Role:
    """Return the worker of webhooks, notifications and chores."""
    lanes = ("threads", ("webhooks", "notifications", "chores"), AUXILIARY_SLOTS, False)
    return _worker("auxiliary", settings, lanes)


def _worker(name: str, settings: Settings, lanes: tuple[Any, ...], grace: float = 0) -> Role:
    return Role(
        name,
        lambda: call("workers.main:run_lanes", settings, *lanes),
        after_death=judge_of(settings),
        stop_seconds=grace + KILL_AFTER_SECONDS,
    )


def judge_of(settings: Settings) -> Callable[[int], None]:
    """Return what judges at once the executions of a dead worker process."""

    def judge(pid: int) -> None:
        bootstrap.start("supervisor", settings)
        with db.transaction() as session:
            workers.stop_by_pid(session, pid)

    return judge


def in_child(run: Callable[[], None]) -> int:
    """Run a function in a child process, to keep this one small; return its exit code."""
    _, status = os.waitpid(fork(run, "a step of the start"), 0)
    return os.waitstatus_to_exitcode(status)


def refuse_wrong_key(settings: Settings) -> None:
    """End this command if it has not the key of the database; its processes would end for ever.

    A database without a schema yet may get any key: the processes look again.
    """
    if in_child(lambda: _try_key(settings)) != 0:
        raise SystemExit(1)


def _try_key(settings: Settings) -> None:
    bootstrap.start_logging("start", settings)
    db.configure(settings.database)
    if not bootstrap.schema_problem(db.engine()):
        bootstrap.unlock(settings)
