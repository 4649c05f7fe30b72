"""Repeating executions that have ended, because a person asked for it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.errors import Conflict, NotFound
from app.domain.ids import normalise_id
from app.models import Execution, Job
from app.services.executions.plans import lock_active, start_another

_CAN_BE_REPLAYED = (state.DEAD_LETTER, state.FAILED, state.TIMEOUT, state.CANCELLED)


def replay(
    session: Session, execution_id: str, actor: str, *, force: bool = False
) -> dict[str, Any]:
    """Run again what has ended badly: a new execution with all its retries before it.

    Returns its id and status. Raises :class:`NotFound`, or :class:`Conflict` if the job's overlap
    policy forbids it, or if it was replayed already: then with the id of that execution, unless
    ``force`` is set.
    """
    old = _find(session, execution_id)
    job, active = lock_active(session, old.job_id) if old is not None else (None, [])
    old = _find(session, execution_id, lock=True) if job is not None else None
    if job is None or old is None:
        raise NotFound("Execution not found")
    others = [r for r in active if r.status != state.SCHEDULED or r.attempt > 1]
    _refuse(old, job, others, force=force)
    over = {"origin": "replay", "replay_of": old.id}
    made = start_another(session, job, others, old.parameters, actor, **over)
    old.replayed_by = old.replayed_by or made["id"]
    return {"execution_id": made["id"], "status": made["status"]}


def _find(session: Session, execution_id: str, *, lock: bool = False) -> Execution | None:
    known = normalise_id(execution_id)
    if known is None:
        return None
    return session.get(Execution, known, with_for_update=lock or None, populate_existing=lock)


def _refuse(old: Execution, job: Job, others: Sequence[Execution], *, force: bool) -> None:
    """Raise :class:`Conflict` for what can't be replayed at present."""
    if old.status not in _CAN_BE_REPLAYED:
        allowed = ", ".join(_CAN_BE_REPLAYED)
        raise Conflict(f"this execution is {old.status}; what can be replayed is: {allowed}")
    if old.replayed_by is not None and not force:
        message = f"it was replayed already, by execution {old.replayed_by}"
        raise Conflict(message, {"execution_id": old.replayed_by})
    if not job.enabled:
        raise Conflict("the job is disabled; enable it first")
    if others and job.overlap == "skip":
        message = f"the job is in progress: execution {others[0].id} is {others[0].status}"
        raise Conflict(message, {"execution_id": others[0].id})
