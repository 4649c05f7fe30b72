"""The installation as a whole: its status, settings and health."""

from datetime import datetime
from typing import Any, Final

from app.client.things import Thing


class SystemStatus(Thing):
    """The figures of the whole system."""

    total_scheduled: int
    currently_running: int
    completed_today: int
    failed_recent: int
    avg_duration_ms: float
    queue_depth: int
    total_jobs: int
    total_executions: int
    total_workers: int
    active_workers: int
    idle_workers: int
    pause: dict[str, Any] = {}
    is_running: bool


class Links(Thing):
    """Where other tools are found; ``{trace_id}`` in ``trace_url`` stands for a trace's id."""

    trace_url: str | None = None
    flower_url: str | None = None


class ConfigRow(Thing):
    """A value that can be changed at run time; ``value`` is JSON text."""

    key: str
    value: str
    updated_at: datetime | None = None
    locked: bool = False


class WorkersStatus(Thing):
    """How many run slots there are and what they do."""

    total_workers: int
    active_workers: int
    available_workers: int
    queued_jobs: int
    running_jobs: list[str]


class Health(Thing):
    """How the product is; the parts are in ``wire``."""

    status: str
    version: str


#: What can be found.
KINDS: Final = ("job", "execution", "chain", "error", "person")


class Hit(Thing):
    """Something that was found: a job, an execution, a chain, an error or a person."""

    kind: str
    id: str
    title: str
    subtitle: str | None = None
    status: str | None = None
    reason: str | None = None
    type: str | None = None
    job_id: str | None = None
    at: datetime | None = None
    count: int | None = None


class Overview(Thing):
    """What the first page shows, in full in ``wire``; what one may not read is ``None``."""

    figures: dict[str, Any]
    hours: list[dict[str, Any]]
    needs_a_look: dict[str, Any] | None = None
    running: dict[str, Any] | None = None
