"""What a claim hands to the worker: who runs it, and all that is to be run."""

from dataclasses import dataclass, field
from datetime import datetime

from app.services.executions.given import Given


@dataclass(frozen=True, slots=True)
class Owner:
    """Who runs an execution: a worker and, within it, one slot, written ``pid.number``."""

    worker: str
    slot: str


@dataclass(frozen=True, slots=True)
class Claim:
    """An execution that its owner may now perform."""

    id: str
    epoch: int
    root_execution_id: str
    job_id: str
    job_name: str
    type: str
    config: str
    timeout_seconds: int | None
    attempt: int
    parameters: str | None
    on_lost: str
    queue: str
    run_at: datetime
    started_at: datetime
    exclusive_key: str | None
    #: JSON of the job's retry policy, and how many of its retries led to this attempt.
    retry: str | None = None
    retries: int = 0
    concurrency_key: str | None = None
    #: The chain run it belongs to, and as which of its links.
    chain_run_id: str | None = None
    link_index: int | None = None
    #: The variables of the job that its config may ask for, those that are sensitive as they are
    #: stored; ``None`` if no variable applies to it.
    variables: tuple[Given, ...] | None = field(default=None, repr=False)
    #: Its place in a trace.
    traceparent: str | None = None
