"""Jobs: starting them by hand, and cancelling them."""

from typing import Any

import orjson
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Conflict
from app.models import Execution, Job
from app.services import executions
from app.services.schedules import planning

_CANNOT_CANCEL = {
    "cancelled": "job is already cancelled",
    "completed": "cannot cancel a completed job",
    "failed": "cannot cancel a failed job",
}


def execute(
    session: Session,
    job: Job,
    active: list[Execution],
    given: dict[str, Any],
    actor: str,
) -> dict[str, Any]:
    """Start a locked job now, also one that has ended; return the id and status of its execution.

    A planned execution is moved to this moment; without one, another is added. ``priority`` and
    ``skip_overlap`` (whether it runs beside others whatever the job says) are for this execution;
    all else that is given are its parameters.
    """
    if not job.enabled:
        raise Conflict("the job is disabled; enable it first")
    given = {**given}
    priority, beside = given.pop("priority", None), given.pop("skip_overlap", False)
    planned = [row for row in active if row.status == state.SCHEDULED and row.attempt == 1]
    others = [row for row in active if row not in planned and not executions.is_held(row)]
    if job.schedule:
        planned = []  # its moments come all the same
    if others and job.overlap == "skip" and not beside:
        raise Conflict(f"the job is already {_doing(others)}")
    if not job.schedule:
        job.scheduled_at = now()
    parameters = orjson.dumps(given).decode() if given else None
    if planned and not others:
        executions.start_now(session, planned[0], job, parameters, actor, priority)
        return {"execution_id": planned[0].id, "status": planned[0].status}
    own = {"priority": priority or job.priority} | ({"exclusive_key": None} if beside else {})
    others = [] if beside else others
    row = executions.start_another(session, job, others, parameters, actor, **own)
    return {"execution_id": row["id"], "status": row["status"]}


def _doing(rows: list[Execution]) -> str:
    return "running" if any(row.status in state.STARTED for row in rows) else "queued"


def cancel(session: Session, job: Job, active: list[Execution], *, force: bool) -> None:
    """Cancel a locked job: what waits at once, what runs through its worker.

    A schedule is stopped for good; :func:`app.services.jobs.lifecycle.start` begins it anew.
    """
    if job.status in _CANNOT_CANCEL:
        raise Conflict(_CANNOT_CANCEL[job.status])
    job.paused_at = job.paused_until = job.pause_reason = None
    if job.schedule:
        planning.disarm(session, job)
        active = [row for row in active if not executions.is_planned(row)]
    for row in sorted(active, key=lambda r: (r.blocked_on is None, r.status in state.STARTED)):
        executions.cancel(session, row, force=force)
    if not active:
        job.status = "cancelled"
