"""What the server answers, typed. Fields that this release does not know are kept as they came."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.client.errors import Unreadable
from app.domain import execution_state as state


class Thing(BaseModel):
    """An object of the API; ``wire`` is it as the server sent it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    wire: dict[str, Any] = Field(default_factory=dict, exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _keep_wire(cls, given: Any) -> Any:
        return {**given, "wire": given} if isinstance(given, dict) else given

    @classmethod
    def read(cls, wire: dict[str, Any]) -> Self:
        """Return the object that an answer holds. Raises :class:`Unreadable` if it is none."""
        try:
            return cls.model_validate(wire)
        except ValidationError as error:
            fault = error.errors()[0]
            where = ".".join(map(str, fault["loc"]))
            raise Unreadable(
                f"the answer is no {cls.__name__.lower()} ({where}: {fault['msg']}); "
                "is the server of another release?"
            ) from None


T = TypeVar("T", bound=Thing)


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a list; ``wire`` is it as the server sent it."""

    rows: tuple[T, ...]
    wire: dict[str, Any]

    @property
    def total(self) -> int:
        """How many rows the filters let through; see :attr:`total_is_capped`."""
        return int(self.wire["total"])

    @property
    def total_is_capped(self) -> bool:
        """Whether there are more than ``total``; beyond 10,000 nobody counts."""
        return bool(self.wire.get("total_is_capped"))

    @property
    def next_cursor(self) -> str | None:
        """Where the next page begins; ``None`` on the last one."""
        return self.wire.get("next_cursor")

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class Tag(Thing):
    """A label of jobs."""

    id: str
    name: str
    color: str | None = None
    is_default: bool = False
    created_at: datetime


class Project(Thing):
    """An owner of jobs."""

    id: str
    name: str
    description: str | None = None
    color: str | None = None
    icon: str | None = None
    is_archived: bool = False
    job_count: int = 0
    created_at: datetime
    updated_at: datetime


class RecentExecution(Thing):
    """One of a job's latest executions, in short."""

    id: str
    status: str
    duration_ms: int | None = None
    number: int | None = None
    attempt: int | None = None
    origin: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    exit_code: int | None = None
    error: str | None = None


class Job(Thing):
    """A saved definition: what to run, and when."""

    id: str
    name: str
    description: str | None = None
    type: str
    spec: dict[str, Any]
    status: str
    enabled: bool = True
    scheduled_at: datetime | None = None
    next_due_at: datetime | None = None
    priority: int
    raw_priority: int | None = None
    project_id: str
    timezone: str
    queue: str
    timeout_seconds: int | None = None
    on_lost: str
    overlap: str
    retry: dict[str, Any] | None = None
    concurrency_key: str | None = None
    concurrency_limit: int = 1
    external_id: str | None = None
    keep_last: int | None = None
    retention_days: int | None = None
    #: Addresses, comma-separated.
    notify_emails: str | None = None
    notify_on: str = "failure"
    schedule: dict[str, Any] = Field(default_factory=dict)
    #: The same in plain words of each language, by its code.
    schedule_words: dict[str, str] | None = None
    misfire: str = "latest"
    misfire_limit: int = 100
    misfire_grace_seconds: int = 60
    auto_start: bool = True
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None
    created_by: str | None = None
    version: int
    created_at: datetime
    updated_at: datetime
    last_execution: RecentExecution | None = None
    recent: list[RecentExecution] = []
    usual_duration_ms: int | None = None
    success_rate: float | None = None
    consecutive_failures: int = 0
    tags: list[Tag] = []
    warnings: list[str] = []


class Usage(Thing):
    """What an execution used."""

    cpu_seconds: float | None = None
    max_rss_bytes: int | None = None


class Execution(Thing):
    """One attempt to run a job."""

    id: str
    root_execution_id: str
    parent_execution_id: str | None = None
    job_id: str
    job_name: str
    job_version: int | None = None
    number: int
    status: str
    attempt: int
    origin: str
    actor: str | None = None
    parameters: dict[str, Any] | None = None
    blocked_on: str | None = None
    reason: str | None = None
    reason_code: str | None = None
    reason_params: dict[str, Any] | None = None
    due_at: datetime
    run_at: datetime
    queued_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    lateness_ms: int | None = None
    exit_code: int | None = None
    error: str | None = None
    error_code: str | None = None
    retries: int = 0
    fingerprint: str | None = None
    discarded_at: datetime | None = None
    replay_of: str | None = None
    replayed_by: str | None = None
    output: str = ""
    output_truncated: bool = False
    output_purged_at: datetime | None = None
    output_purged_by: str | None = None
    worker: str | None = None
    queue: str
    priority: int
    chain_run_id: str | None = None
    link_index: int | None = None
    trace_id: str = ""
    usage: Usage = Usage()
    queue_position: int | None = None
    expected_start_at: datetime | None = None
    created_at: datetime

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self.status in state.FINAL


class Line(Thing):
    """A line of output; ``number`` counts over all streams, from 1."""

    number: int
    stream: str
    time: datetime
    text: str


class Started(Thing):
    """A start by hand; ``execution`` is there if the caller waited."""

    message: str
    execution_id: str
    status: str
    execution: Execution | None = None


class BulkResult(Thing):
    """What became of one item: a job, or an error with ``error``, ``code`` and ``details``."""

    index: int
    status: int
    data: Job | None = None
    error: dict[str, Any] | None = None


class Bulk(Thing):
    """What became of all items, in their order."""

    data: list[BulkResult]
    created: int
    failed: int


class Worker(Thing):
    """A worker process that lives."""

    id: str
    host: str
    pid: int
    pool: str
    queues: list[str]
    slots: int
    slots_used: int
    drained: bool = False
    consuming: bool
    heartbeat_at: datetime
    running: list[str]
    version: str
    started_at: datetime
