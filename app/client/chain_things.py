"""Chains and their runs as the server answers them, typed."""

from datetime import datetime
from typing import Any

from app.client.things import Thing
from app.domain import chains


class Link(Thing):
    """A job's place in a chain."""

    id: str
    job_id: str
    #: ``None`` if the job is not for you to see.
    job_name: str | None
    sequence_order: int
    stop_on_failure: bool
    run_if: str


class Chain(Thing):
    """An ordered list of jobs."""

    id: str
    name: str
    description: str | None = None
    project_id: str
    priority: int | None = None
    queue: str | None = None
    schedule: dict[str, Any] | None = None
    enabled: bool = True
    next_due_at: datetime | None = None
    #: Its owner, such as ``user:ann``.
    created_by: str | None = None
    links: list[Link] = []
    created_at: datetime
    updated_at: datetime


class LinkExecution(Thing):
    """An execution of a link, in short."""

    id: str
    status: str
    attempt: int
    duration_ms: int | None = None
    exit_code: int | None = None
    error: str | None = None


class RunLink(Thing):
    """A link of a run, and what became of it."""

    index: int
    job_id: str
    job_name: str | None
    stop_on_failure: bool
    run_if: str
    status: str
    outcome: str | None = None
    reason: str | None = None
    duration_ms: int | None = None
    executions: list[LinkExecution] = []


class ChainRun(Thing):
    """A pass through a chain; ``links`` are there if one run was asked for."""

    id: str
    chain_id: str
    chain_name: str | None = None
    number: int
    status: str
    origin: str
    actor: str | None = None
    due_at: datetime | None = None
    moments: int | None = None
    current_index: int
    total_links: int
    link_statuses: list[str] = []
    started_at: datetime
    completed_at: datetime | None = None
    duration_ms: int | None = None
    error: str | None = None
    links: list[RunLink] = []

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status in chains.FINAL


class ChainStarted(Thing):
    """A start of a chain."""

    message: str
    chain_run_id: str
    status: str
