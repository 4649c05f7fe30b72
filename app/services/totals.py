"""How many jobs and executions there are, by project and status, from the counters.

For whoever does not see everything the counters of those projects count that are seen as a whole;
what is seen of others is counted by a query.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.execution_state import STATUSES
from app.models import Execution, Job, Tally
from app.services.access import sight

JOB_STATUSES = ("scheduled", "running", "completed", "failed", "cancelled", "paused")
#: Of the projects that are not seen as a whole no more is counted.
_MOST = 10_000
_MODELS: dict[str, Any] = {"jobs": Job, "executions": Execution}
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
    whole = sight.whole_projects()
    if whole is None:
        return _counters(session, family, None if project_id is None else {project_id})
    wanted = whole if project_id is None else whole & {project_id}
    found = _counters(session, family, wanted) if wanted else {}
    return found | _seen(session, _MODELS[family], project_id, whole)


@sight.unlimited()
def _counters(
    session: Session, family: str, projects: Collection[str] | None
) -> dict[tuple[str, str], int]:
    query = (
        sa.select(Tally.key, sa.func.sum(Tally.value))
        .where(Tally.family == family)
        .group_by(Tally.key)
    )
    if projects is not None:
        keys = [f"{project}:{status}" for project in projects for status in _STATUSES]
        query = query.where(Tally.key.in_(keys))
    found = {}
    for key, value in session.execute(query):
        project, _, status = key.partition(":")
        found[project, status] = max(0, round(value))
    return found


def _seen(
    session: Session, model: Any, project_id: str | None, whole: Collection[str]
) -> dict[tuple[str, str], int]:
    """Count what is seen of projects of which not everything is."""
    some = sa.select(model.project_id, model.status).where(model.project_id.not_in(whole))
    if project_id is not None:
        some = some.where(model.project_id == project_id)
    rows = some.limit(_MOST).subquery()
    query = sa.select(*rows.c, sa.func.count()).group_by(*rows.c)
    found = session.execute(query).all()
    return {(str(row[0]), str(row[1])): int(row[2]) for row in found}
