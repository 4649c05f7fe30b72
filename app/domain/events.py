"""What can happen, in the past tense. ``app/reactions.py`` says what happens then."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JobCreated:
    """A job was made."""

    job_id: str


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A person changed a job or had it do something: it was edited, paused, started, stopped."""

    job_id: str


@dataclass(frozen=True, slots=True)
class JobDeleted:
    """A job was deleted with its executions; whose it was is known from here only."""

    job_id: str
    project_id: str
    created_by: str | None


@dataclass(frozen=True, slots=True)
class ExecutionMoved:
    """An execution was planned, put into its run queue, or asked to end."""

    execution_id: str
    job_id: str
    status: str


@dataclass(frozen=True, slots=True)
class ExecutionStarted:
    """A worker took an execution."""

    execution_id: str
    job_id: str


@dataclass(frozen=True, slots=True)
class ExecutionEnded:
    """An attempt reached a final status, also one that was cancelled before it began."""

    execution_id: str
    job_id: str
    status: str
    #: Whether another attempt of the same due moment follows.
    will_retry: bool = False
    #: The chain run whose link it was an attempt of.
    chain_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class ExecutionSkipped:
    """A due moment passed without an attempt; the row says why."""

    execution_id: str
    job_id: str
    #: The chain run whose link it was.
    chain_run_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChainEnded:
    """A chain run reached a final status: completed, failed or cancelled."""

    chain_run_id: str
    chain_id: str
    status: str
    project_id: str


Event = (
    JobCreated
    | JobChanged
    | JobDeleted
    | ExecutionMoved
    | ExecutionStarted
    | ExecutionEnded
    | ExecutionSkipped
    | ChainEnded
)
