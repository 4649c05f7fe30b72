"""The executions of the first page: what runs, what has just ended, what failed last."""

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.models import Execution, Job
from app.services.executions.sql import STARTED
from app.services.jobs import figures

MOST_RUNNING: Final = 10
MOST_FINISHED: Final = 6
#: Among so many that started last are those that ended last, of one project.
_LOOKED_AT: Final = 20
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
    took = figures.durations(session, {row["job_id"] for row in found})
    for row in found:
        mine = took[row["job_id"]]
        row["usual_duration_ms"] = figures.usual(mine)
        row["p95_duration_ms"] = figures.percentile(mine, 95)
    count = sa.select(sa.func.count(Execution.id)).where(STARTED, *_of_project(project_id))
    return {"executions": found, "total": session.scalar(count) or 0}


def finished(session: Session, project_id: str | None) -> list[dict[str, Any]]:
    """Return what ended last, with the end of what it said."""
    said = _QUERY.add_columns(sa.func.substr(_SAID, -_TAIL).label("said"))
    if session.get_bind().dialect.name != "sqlite":  # there a start from the end is none
        said = _QUERY.add_columns(sa.func.right(_SAID, _TAIL).label("said"))
    ids = _ended_last(session, project_id)
    rows = session.execute(said.where(Execution.id.in_(ids))).all()
    latest = sorted(rows, key=lambda row: (row.completed_at, row.id), reverse=True)
    return [_wire(row) | {"said": _last_line(row.said)} for row in latest]


def _ended_last(session: Session, project_id: str | None) -> list[str]:
    """Return the ids of what ended last, among what started last of each status."""
    ends: list[tuple[datetime, str]] = []
    for status in _ENDED:
        query = sa.select(Execution.completed_at, Execution.id).where(
            Execution.status == status,
            Execution.started_at.is_not(None),
            Execution.completed_at.is_not(None),
            *_of_project(project_id),
        )
        newest = query.order_by(Execution.started_at.desc(), Execution.id.desc())
        rows = session.execute(newest.limit(_LOOKED_AT)).all()
        ends += [(row.completed_at, row.id) for row in rows]
    return [row_id for _, row_id in sorted(ends, reverse=True)[:MOST_FINISHED]]


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
