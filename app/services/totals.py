"""How many jobs and executions there are, by project and status, from the counters."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.execution_state import STATUSES
from app.models import Tally

JOB_STATUSES = ("scheduled", "running", "completed", "failed", "cancelled", "paused")
_STATUSES = sorted({*STATUSES, *JOB_STATUSES})


def of(
    session: Session,
    family: str,
    project_id: str | None = None,
    statuses: Collection[str] | None = None,
) -> int:
    """Return the number of rows of a family (``jobs``, ``executions``), all or by filter."""
    return sum(
        count
        for (project, status), count in by_project_and_status(session, family, project_id).items()
        if statuses is None or status in statuses
    )


def by_project_and_status(
    session: Session, family: str, project_id: str | None = None
) -> dict[tuple[str, str], int]:
    """Return the counters of a family by project and status."""
    query = (
        sa.select(Tally.key, sa.func.sum(Tally.value))
        .where(Tally.family == family)
        .group_by(Tally.key)
    )
    if project_id is not None:
        query = query.where(Tally.key.in_([f"{project_id}:{status}" for status in _STATUSES]))
    found = {}
    for key, value in session.execute(query):
        project, _, status = key.partition(":")
        found[project, status] = max(0, round(value))
    return found
