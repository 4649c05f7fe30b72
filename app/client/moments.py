"""The due moments of jobs: those to come, why one went as it did, and how many went how."""

from datetime import datetime
from typing import Any

from pydantic import Field

from app.client.things import Thing


class Decision(Thing):
    """One decision behind an execution."""

    step: str
    text: str
    code: str | None = None
    params: dict[str, Any] = Field(default_factory=dict)
    at: datetime | None = None


class Why(Thing):
    """Why an execution, or a moment of a job, went as it did."""

    execution_id: str | None = None
    status: str | None = None
    answer: str
    answer_code: str | None = None
    answer_params: dict[str, Any] = Field(default_factory=dict)
    steps: list[Decision] = Field(default_factory=list)


class Coming(Thing):
    """A moment at which a job is due: in UTC, and as clocks in its zone will show it."""

    utc: datetime
    local: str
    blackout: str | None = None


class Transition(Thing):
    """A change of the clocks; ``words`` say in ``en`` and ``vi`` what becomes of a schedule."""

    at: datetime
    before: str
    after: str
    kind: str
    effect: str
    words: dict[str, str] = Field(default_factory=dict)


class Preview(Thing):
    """What a schedule would do; ``words`` are in ``en`` and ``vi``."""

    next: list[Coming]
    words: dict[str, str] = Field(default_factory=dict)
    transitions: list[Transition] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    notes: list[dict[str, Any]] = Field(default_factory=list)


class JobStats(Thing):
    """How the due moments of a job ended since a moment; ``success_rate`` is from 0 to 1."""

    total: int
    completed: int
    failed: int
    cancelled: int
    skipped: int
    missed: int
    success_rate: float | None = None
    consecutive_failures: int
    average_duration_ms: int | None = None
    usual_duration_ms: int | None = None
    last_execution_at: datetime | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    since: datetime


class Revision(Thing):
    """What an edit made of a job; executions name theirs as ``job_version``."""

    version: int
    actor: str | None = None
    via: str | None = None
    created_at: datetime
    #: What differs from the one before; ``None`` if there is none.
    changed: list[str] | None = None
    #: The job as it was, in the fields of an edit; lists leave it out.
    definition: dict[str, Any] | None = None


class Tried(Thing):
    """What was started to be tried: a job that is forgotten after a day."""

    job_id: str
    execution_id: str
    status: str
