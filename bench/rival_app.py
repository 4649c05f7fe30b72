"""The rival as its user would write it: a bare Celery application on Redis."""

import os
import subprocess
import time

from celery import Celery

from bench.marks import mark as leave_mark

app = Celery("rival", broker=os.environ.get("RIVAL_BROKER", "memory://"))
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=int(os.environ.get("RIVAL_PREFETCH", "4")),
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "priority_steps": list(range(10)),
        "queue_order_strategy": "priority",
        "visibility_timeout": int(os.environ.get("RIVAL_VISIBILITY", "3600")),
    },
)


@app.task  # type: ignore[untyped-decorator]
def noop() -> None:
    """Do nothing."""


@app.task  # type: ignore[untyped-decorator]
def mark(path: str, name: str, milliseconds: float = 0) -> None:
    """Leave a mark, then sleep."""
    leave_mark(path, name)
    time.sleep(milliseconds / 1000)


@app.task  # type: ignore[untyped-decorator]
def nap(milliseconds: float) -> None:
    """Sleep."""
    time.sleep(milliseconds / 1000)


@app.task  # type: ignore[untyped-decorator]
def shell(command: str) -> str:
    """Run a command and return what it printed."""
    with subprocess.Popen(
        ["/bin/sh", "-c", command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        output, _ = process.communicate()
    return output.decode()
