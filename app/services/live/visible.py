"""Which changes somebody is told: those of rows that he sees, by the conditions of every query."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading
from app.models import Execution, Job
from app.services.access import Sight, sight
from app.services.live.changes import JOB_DELETED, Change


def visible(whose: Sight, changes: Sequence[Change]) -> Sequence[Change]:
    """Return the changes in what somebody sees; without limits nothing is asked."""
    if not whose.is_limited:
        return changes
    with sight.of(whose), reading() as session:
        jobs = _seen(session, Job.id, (c.job_id for c in changes if c.execution_id is None))
        runs = _seen(session, Execution.id, (c.execution_id for c in changes))
        return [change for change in changes if _is_seen(session, change, jobs | runs)]


def may_see_execution(whose: Sight, execution_id: str) -> bool:
    """Return whether an execution is there and within somebody's sight."""
    with sight.of(whose), reading() as session:
        return bool(_seen(session, Execution.id, [execution_id]))


def _is_seen(session: Session, change: Change, seen: frozenset[str]) -> bool:
    if change.type == JOB_DELETED:
        return sight.saw(session, change.project_id, change.created_by)
    return (change.execution_id or change.job_id) in seen


def _seen(session: Session, column: Any, ids: Iterable[str | None]) -> frozenset[str]:
    wanted = sorted(filter(None, set(ids)))
    if not wanted:
        return frozenset()
    return frozenset(session.scalars(sa.select(column).where(column.in_(wanted))))
