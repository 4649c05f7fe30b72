"""The executions of the first page: what runs, what has just ended, what failed last."""

import math
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from statistics import median
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.models import Execution, Job
from app.services.executions.sql import STARTED
from app.services.jobs.figures import RECENT

MOST_RUNNING: Final = 10
MOST_FINISHED: Final = 6
#: Among so many that started last are those that ended last, of one project.
_LOOKED_AT: Final = 50
_TAIL: Final = 400
_ENDED: Final = (state.COMPLETED, *state.FAILURES, state.CANCELLED)
#: Without the mapper: who sees an execution sees the name of its job.
_jobs: Any = Job.__table__
_PLAIN: Final = (
    *("id", "job_id", "number", "status", "reason", "origin", "actor", "attempt"),
    *("started_at", "completed_at", "duration_ms", "exit_code", "error_code"),
)
_COLUMNS: Final = (
    *(getattr(Execution, name) for name in _PLAIN),
    _jobs.c.name.label("job_name"),
    _jobs.c.type.label("type"),
)
_QUERY: Final = sa.select(*_COLUMNS).join(_jobs, _jobs.c.id == Execution.job_id)
_SAID: Final = sa.func.coalesce(Execution.error, Execution.output_tail)


def running(session: Session, project_id: str | None) -> dict[str, Any]:
    """Return what runs, the longest first, with what its jobs usually take; and how much does."""
    query = _QUERY.where(STARTED, *_of_project(project_id)).order_by(Execution.started_at)
    found = [_wire(row) for row in session.execute(query.limit(MOST_RUNNING))]
    took = _durations(session, {row["job_id"] for row in found})
    for row in found:
        mine = sorted(took[row["job_id"]])
        row["usual_duration_ms"] = round(median(mine)) if mine else None
        row["p95_duration_ms"] = mine[math.ceil(len(mine) * 0.95) - 1] if mine else None
    count = sa.select(sa.func.count(Execution.id)).where(STARTED, *_of_project(project_id))
    return {"executions": found, "total": session.scalar(count) or 0}


def _durations(session: Session, job_ids: Collection[str]) -> dict[str, list[int]]:
    """Return how long those of each job's latest executions took that completed."""
    query = (
        sa.select(Execution.job_id, Execution.duration_ms)
        .join(_jobs, _jobs.c.id == Execution.job_id)
        .where(
            Execution.job_id.in_(job_ids),
            Execution.number > _jobs.c.last_number - RECENT,
            Execution.status == state.COMPLETED,
            Execution.duration_ms.is_not(None),
        )
    )
    found: dict[str, list[int]] = defaultdict(list)
    for job_id, duration in session.execute(query):
        found[job_id].append(int(duration or 0))
    return found


def finished(session: Session, project_id: str | None) -> list[dict[str, Any]]:
    """Return what ended last, with the end of what it said."""
    said = _QUERY.add_columns(sa.func.substr(_SAID, -_TAIL).label("said"))
    if session.get_bind().dialect.name != "sqlite":  # there a start from the end is none
        said = _QUERY.add_columns(sa.func.right(_SAID, _TAIL).label("said"))
    ids = _ended_last(session, project_id)
    rows = session.execute(said.where(Execution.id.in_(ids))).all()
    latest = sorted(rows, key=lambda row: (row.completed_at, row.id), reverse=True)
    return [_wire(row) | {"said": _last_line(row.said)} for row in latest[:MOST_FINISHED]]


def _ended_last(session: Session, project_id: str | None) -> list[str]:
    """Return the ids of what may have ended last: of each status what started last."""
    ids: list[str] = []
    for status in _ENDED:
        query = sa.select(Execution.id).where(Execution.status == status, *_of_project(project_id))
        newest = query.where(Execution.started_at.is_not(None))
        newest = newest.order_by(Execution.started_at.desc(), Execution.id.desc())
        ids += session.scalars(newest.limit(_LOOKED_AT))
    return ids


def last_failure_at(session: Session, project_id: str | None) -> datetime | None:
    """Return when what failed last had started."""
    found: list[datetime | None] = []
    for status in state.FAILURES:
        query = sa.select(sa.func.max(Execution.started_at)).where(Execution.status == status)
        found.append(session.scalar(query.where(*_of_project(project_id))))
    return max(filter(None, found), default=None)


def _of_project(project_id: str | None) -> tuple[Any, ...]:
    return () if project_id is None else (Execution.project_id == project_id,)


def _wire(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*_PLAIN, "job_name", "type")}


def _last_line(text: str | None) -> str | None:
    lines = (text or "").strip().splitlines()
    return lines[-1] if lines else None
