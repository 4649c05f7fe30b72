"""What has changed lately, read from the rows: for where no feed tells it, and to begin with."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import to_wire
from app.domain.ids import floor_of
from app.models import Execution, Job
from app.services.live.changes import EXECUTION_CHANGED, JOB_CREATED, Change

#: So many rows are read of each kind; a page asks for everything anew anyway.
_MOST: Final = 500
_SHOWN = (
    Execution.id,
    Execution.job_id,
    Execution.status,
    Execution.created_at,
    Execution.queued_at,
    Execution.started_at,
    Execution.completed_at,
)


def changed_since(session: Session, since: datetime) -> list[Change]:
    """Return what has changed since a moment, the oldest first; each query has its index.

    What a job's row says of its last edit has none: edits are told by the process that made them.
    """
    born = Execution.id >= floor_of(since)
    begun, ended = Execution.started_at >= since, Execution.completed_at >= since
    stopping = Execution.status == state.CANCELLING
    found = {}
    for which in (born, begun, ended, stopping):
        for row in session.execute(sa.select(*_SHOWN).where(which).limit(_MOST)):
            found[row.id] = _change(row)
    changes = [*found.values(), *_new_jobs(session, since)]
    return sorted(changes, key=lambda change: change.at)


def _change(row: Any) -> Change:
    at = row.completed_at or row.started_at or row.queued_at or row.created_at
    return Change(EXECUTION_CHANGED, row.job_id, to_wire(at), row.id, row.status)


def _new_jobs(session: Session, since: datetime) -> list[Change]:
    query = sa.select(Job.id, Job.created_at).where(Job.created_at >= since).limit(_MOST)
    return [Change(JOB_CREATED, row.id, to_wire(row.created_at)) for row in session.execute(query)]
