"""What a live page is told of: a job or an execution, and what it is now."""

from dataclasses import dataclass
from typing import Any, Final

from app.domain.clock import now, to_wire
from app.domain.events import (
    ChainEnded,
    Event,
    ExecutionSkipped,
    ExecutionStarted,
    JobChanged,
    JobCreated,
    JobDeleted,
)
from app.domain.execution_state import RUNNING, SKIPPED

JOB_CREATED: Final = "job.created"
JOB_CHANGED: Final = "job.changed"
JOB_DELETED: Final = "job.deleted"
EXECUTION_CHANGED: Final = "execution.changed"
_OF_JOB: Final[dict[type[Any], str]] = {
    JobCreated: JOB_CREATED,
    JobChanged: JOB_CHANGED,
    JobDeleted: JOB_DELETED,
}
#: What some events say by their kind alone.
_STATUS: Final[dict[type[Any], str]] = {ExecutionStarted: RUNNING, ExecutionSkipped: SKIPPED}


@dataclass(frozen=True, slots=True)
class Change:
    """Something changed in a job or in one of its executions."""

    type: str
    job_id: str
    at: str
    execution_id: str | None = None
    status: str | None = None
    #: Whose a job was that is gone.
    project_id: str | None = None
    created_by: str | None = None

    def wire(self) -> dict[str, Any]:
        """Return the change as it goes to a page."""
        return {
            "type": self.type,
            "job_id": self.job_id,
            "execution_id": self.execution_id,
            "status": self.status,
            "at": self.at,
        }

    def news(self) -> dict[str, Any]:
        """Return the change as it goes to other processes; :func:`read` reads it."""
        whose = {"project_id": self.project_id, "created_by": self.created_by}
        return {name: value for name, value in (self.wire() | whose).items() if value is not None}


def of_event(event: Event) -> Change | None:
    """Return what an event changed, if a page shows that."""
    if isinstance(event, ChainEnded):
        return None
    at, kind = to_wire(now()), _OF_JOB.get(type(event), EXECUTION_CHANGED)
    if isinstance(event, JobDeleted):
        whose = {"project_id": event.project_id, "created_by": event.created_by}
        return Change(kind, event.job_id, at, **whose)
    if isinstance(event, JobCreated | JobChanged):
        return Change(kind, event.job_id, at)
    status = _STATUS.get(type(event)) or getattr(event, "status", None)
    return Change(kind, event.job_id, at, event.execution_id, status)


def read(news: dict[str, Any]) -> Change:
    """Return the change that another process told of. Raises ``TypeError`` if it is none."""
    return Change(**news)
