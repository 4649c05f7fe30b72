"""What Flower sees of executions: while somebody watches, each one is told as a Celery task."""

import time
from dataclasses import dataclass, field

from app.gateways.task_events import TaskEvents
from app.services.executions import Claim
from workers import fuse
from workers.executors.base import Outcome

#: At most so many events a second leave a worker; three tell of one execution.
EVENTS_A_SECOND = 200
_EVENTS_EACH = 3
_NAME_LENGTH = 60
_ENDS = {"completed": "task-succeeded", "cancelled": "task-revoked"}


@dataclass
class Feed:
    """The teller of one process; ``slots`` processes of a worker share what may be told."""

    worker: str
    slots: int
    _events: TaskEvents = field(init=False)
    _told_at: float = 0.0

    def __post_init__(self) -> None:
        self._events = TaskEvents(self.worker)

    def began(self, claim: Claim) -> bool:
        """Tell that an attempt begins; return whether its end is to be told as well."""
        if not fuse.is_watched() or not self._may_tell():
            return False
        self._events.send(
            "task-received",
            uuid=claim.id,
            name=f"{claim.type}: {claim.job_name}"[:_NAME_LENGTH],
            args="()",
            kwargs=str({"job_id": claim.job_id, "attempt": claim.attempt, "queue": claim.queue}),
            retries=claim.attempt - 1,
            root_id=claim.root_execution_id,
            queue=claim.queue,
        )
        self._events.send("task-started", uuid=claim.id)
        return True

    def ended(self, claim: Claim, outcome: Outcome, seconds: float) -> None:
        """Tell how an attempt ended: the codes only, for an error's words may hold secrets."""
        code = "" if outcome.exit_code is None else f"exit code {outcome.exit_code}"
        fields = {
            "task-succeeded": {"result": code, "runtime": seconds},
            "task-revoked": {"terminated": True, "signum": "SIGTERM", "expired": False},
        }
        kind = _ENDS.get(outcome.verdict, "task-failed")
        failure = f"{outcome.error_code or outcome.verdict} {code}".strip()
        told = fields.get(kind, {"exception": failure, "traceback": ""})
        self._events.send(kind, uuid=claim.id, **told)

    def _may_tell(self) -> bool:
        moment = time.monotonic()
        if moment - self._told_at < _EVENTS_EACH * self.slots / EVENTS_A_SECOND:
            return False
        self._told_at = moment
        return True
