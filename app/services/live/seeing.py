"""Which changes somebody may see: the one place where the live page asks whose things are."""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading
from app.models import Execution, Job
from app.services.access import Sight
from app.services.live.changes import Change


def visible(sight: Sight, changes: Sequence[Change]) -> Sequence[Change]:
    """Return the changes in what somebody sees; without limits nothing is asked."""
    if not sight.is_limited:
        return changes
    with reading() as session:
        may_see = _judge(session, sight, changes)
    return [change for change in changes if may_see(change)]


def _judge(session: Session, sight: Sight, changes: Sequence[Change]) -> Callable[[Change], bool]:
    """Return what says of each of these changes whether it is seen, after one look at the rows."""
    job_ids = sorted({change.job_id for change in changes})
    jobs = session.execute(
        sa.select(Job.id, Job.project_id, Job.created_by).where(Job.id.in_(job_ids))
    )
    known = {row.id: (row.project_id, row.created_by) for row in jobs}
    started: set[Any] = set(session.scalars(_started_by(sight, changes)))

    def may_see(change: Change) -> bool:
        project_id, owner = known.get(change.job_id, (change.project_id, change.created_by))
        if project_id is None or (sight.within is not None and project_id != sight.within):
            return False
        return is_reached(sight, project_id, owner) or change.execution_id in started

    return may_see


def is_reached(sight: Sight, project_id: str, owner: str | None) -> bool:
    """Return whether a thing of this project and owner is within somebody's sight."""
    if sight.within is not None and project_id != sight.within:
        return False
    return (
        sight.everything
        or project_id in sight.projects
        or (sight.actor.startswith("user:") and owner == sight.actor)
    )


def may_see_execution(sight: Sight, execution_id: str) -> bool:
    """Return whether an execution is there and within somebody's sight."""
    query = (
        sa.select(Execution.project_id, Execution.actor, Job.created_by)
        .join(Job, Job.id == Execution.job_id)
        .where(Execution.id == execution_id)
    )
    with reading() as session:
        row = session.execute(query).first()
    if row is None:
        return False
    owners = (row.created_by, row.actor)
    return any(is_reached(sight, row.project_id, owner) for owner in owners)


def _started_by(sight: Sight, changes: Sequence[Change]) -> sa.Select[Any]:
    ids = sorted({change.execution_id for change in changes if change.execution_id})
    is_mine = Execution.actor == sight.actor if sight.actor.startswith("user:") else sa.false()
    return sa.select(Execution.id).where(Execution.id.in_(ids), is_mine)
