"""What the server answers of queues and pauses, typed."""

from datetime import datetime

from app.client.things import Thing


class Pause(Thing):
    """Whether the installation is paused."""

    paused: bool
    paused_at: datetime | None = None
    reason: str | None = None
    until: datetime | None = None
    paused_by: str | None = None


class Queue(Thing):
    """A run queue."""

    name: str
    depth: int
    oldest_seconds: float | None = None
    held: int = 0
    running: int
    workers: int
    slots: int
    paused: bool
    paused_at: datetime | None = None
    paused_reason: str | None = None
    paused_by: str | None = None
    limit: int | None = None
    rate: str | None = None
    created_at: datetime


class Stats(Thing):
    """How many executions there are, by what people mean."""

    scheduled: int
    queued: int
    running: int
    finished: int
    failed: int
    cancelled: int
    skipped: int
