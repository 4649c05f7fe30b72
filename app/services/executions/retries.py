"""Further attempts of the same due moment, and the burial of what has used them all."""

import logging
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.fingerprint import fingerprint
from app.domain.retry import Fate, RetryPolicy, delay_for, fate
from app.models import Execution, Job
from app.services.executions.births import add, born, place_of
from app.services.executions.overlaps import pause_key
from app.services.executions.results import Result
from app.services.executions.taken import Claim

log = logging.getLogger(__name__)

_executions: Any = Execution.__table__
_jobs: Any = Job.__table__


def is_judged(claim: Claim, result: Result) -> bool:
    """Return whether a policy has a say in how an attempt ended."""
    return claim.retry is not None and result.verdict in {state.FAILED, state.TIMEOUT}


def fate_of(session: Session, claim: Claim, result: Result) -> Fate:
    """Return what becomes of an attempt that is about to be settled.

    It stays as it ended if somebody cancels it or its job was disabled meanwhile; both rows are
    locked, so that neither can happen between this and the settle.
    """
    policy = _policy(claim) if is_judged(claim, result) else None
    if policy is None:
        return "stay"
    found = fate(
        policy,
        claim.retries,
        result.verdict,
        result.error_code,
        is_permanent=result.is_permanent,
    )
    return found if found == "stay" or _is_wanted(session, claim) else "stay"


def _policy(claim: Claim) -> RetryPolicy | None:
    try:
        return RetryPolicy.model_validate_json(claim.retry or "")
    except ValidationError:  # an end must be written whatever the job says
        log.warning("the retry policy of job %s can't be read; nothing is retried", claim.job_id)
        return None


def _is_wanted(session: Session, claim: Claim) -> bool:
    mine = (_executions.c.id == claim.id, _executions.c.epoch == claim.epoch)
    status = session.scalar(sa.select(_executions.c.status).where(*mine).with_for_update())
    enabled = sa.select(_jobs.c.enabled).where(_jobs.c.id == claim.job_id).with_for_update()
    return status == state.RUNNING and bool(session.scalar(enabled))


def conclude(session: Session, claim: Claim, result: Result, fate: Fate) -> None:
    """Do what the fate of a settled attempt asks for."""
    if fate == "bury":
        mark = fingerprint(result.error, result.error_code)
        mine = _executions.c.id == claim.id
        session.execute(sa.update(_executions).where(mine).values(fingerprint=mark))
    policy = _policy(claim) if fate == "retry" else None
    if policy is not None:
        retries, asked = claim.retries + 1, result.retry_after_seconds
        delay = delay_for(policy, retries, claim.root_execution_id, asked)
        row = session.get_one(Execution, claim.id)
        repeat(session, row, status=state.SCHEDULED, delay=delay, retries=retries)


def repeat(session: Session, row: Execution, *, status: str, delay: float, retries: int) -> None:
    """Add the next attempt of the same due moment, ``delay`` seconds from now."""
    session.flush()
    job = session.get_one(Job, row.job_id, with_for_update=True)
    again = born(
        job,
        now() + timedelta(seconds=delay),
        row.origin,
        row.actor,
        status=status,
        root_execution_id=row.root_execution_id,
        parent_execution_id=row.id,
        attempt=row.attempt + 1,
        job_version=row.job_version,
        due_at=row.due_at,
        deaths=row.deaths,
        parameters=row.parameters,
        retries=retries,
        traceparent=row.traceparent,
        blocked_on=pause_key(job.id) if job.paused_at else None,
        **place_of(row),
    )
    add(session, [again])
