"""Jobs as they go on the wire: plain dicts, a whole page in a handful of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.models import Execution, Job, Tag, job_tags
from app.services import variables
from app.services.driver.lists import is_one_of
from app.services.executions.sql import ACTIVE
from app.services.jobs import figures, timing
from app.services.jobs.figures import RECENT

_PLAIN = (
    "id",
    "name",
    "description",
    "type",
    "config",
    "scheduled_at",
    "priority",
    "raw_priority",
    "project_id",
    "timezone",
    "status",
    "enabled",
    "queue",
    "timeout_seconds",
    "on_lost",
    "overlap",
    "retry",
    "concurrency_key",
    "concurrency_limit",
    "external_id",
    "keep_last",
    "retention_days",
    "notify_emails",
    "notify_on",
    "misfire",
    "misfire_limit",
    "misfire_grace_seconds",
    "auto_start",
    "paused_at",
    "paused_until",
    "pause_reason",
    "created_by",
    "version",
    "last_result",
    "last_ended_at",
    "created_at",
    "updated_at",
)
_jobs: Any = Job.__table__
_plain_of = attrgetter(*_PLAIN)
_NEVER_RAN = figures.standing(())
#: What a query for :func:`page` selects.
COLUMNS = tuple(getattr(Job, name) for name in (*_PLAIN, "schedule", "next_due_at"))
_RECENT_COLUMNS = (
    Execution.job_id,
    Execution.id,
    Execution.parent_execution_id,
    Execution.number,
    Execution.due_at,
    Execution.run_at,
    Execution.status,
    Execution.attempt,
    Execution.origin,
    Execution.started_at,
    Execution.completed_at,
    Execution.duration_ms,
    Execution.exit_code,
    Execution.error,
)
_INNER = {"job_id", "parent_execution_id", "due_at", "run_at"}
_LAST = tuple(column.key for column in _RECENT_COLUMNS if column.key not in _INNER)

#: Built once, whatever jobs are asked for: to build them takes as long as to run them.
_TAGS = (
    sa.select(job_tags.c.job_id, *Tag.__table__.columns)
    .join(Tag, Tag.id == job_tags.c.tag_id)
    .where(is_one_of(job_tags.c.job_id, "of_jobs"))
    .order_by(Tag.name)
)
_RECENT = (
    sa.select(*_RECENT_COLUMNS)
    .join(Job, Job.id == Execution.job_id)
    .where(is_one_of(_jobs.c.id, "of_jobs"), Execution.number > Job.last_number - RECENT)
    .order_by(Execution.number.desc())
)


def fresh(job: Job, tags: Sequence[Tag], rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return a job that was made in this unit of work, without asking the database."""
    due_at = rows[0]["due_at"] if rows else None
    return _wire(job, [tag_wire(t) for t in tags], [], due_at)


def one(session: Session, job: Job) -> dict[str, Any]:
    """Return a job with all that is shown beside it."""
    return page(session, [job])[0]


def warned(session: Session, wire: dict[str, Any], job: Any) -> dict[str, Any]:
    """Return a job's wire with what may not be meant in it, if anything."""
    found = [*timing.warnings(job), *variables.hints(session, job)]
    return wire | {"warnings": found} if found else wire


def page(session: Session, jobs: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the jobs of a page, given as rows of :data:`COLUMNS`, in their order."""
    ids = [job.id for job in jobs]
    if not ids:
        return []
    tags, recent = _tags(session, ids), _recent(session, ids)
    due = {job.id: moment for job in jobs if (moment := _earliest(job, recent[job.id]))}
    once = (job for job in jobs if job.status == "scheduled" and not job.schedule)
    unseen = [job.id for job in once if job.id not in due]
    due |= _next_due(session, unseen) if unseen else {}
    return [_wire(job, tags[job.id], recent[job.id], due.get(job.id)) for job in jobs]


def tag_wire(tag: Any) -> dict[str, Any]:
    """Return a tag as it goes on the wire."""
    return {
        "id": tag.id,
        "name": tag.name,
        "color": tag.color,
        "is_default": tag.is_default,
        "created_at": tag.created_at,
    }


def _wire(
    job: Any, tags: list[dict[str, Any]], recent: list[Any], due_at: datetime | None
) -> dict[str, Any]:
    wire = dict(zip(_PLAIN, _plain_of(job), strict=True))
    wire["spec"] = orjson.loads(job.config)
    wire["retry"] = orjson.loads(job.retry) if job.retry else None
    wire["schedule"] = timing.schedule_wire(job)
    wire["schedule_words"] = timing.schedule_words(job)
    wire["next_due_at"] = min(filter(None, (due_at, job.next_due_at)), default=None)
    if job.schedule:
        wire["scheduled_at"] = wire["next_due_at"]
    started = [row for row in recent if row.status != state.SCHEDULED]
    wire["last_execution"] = _last(started[0]) if started else None
    wire["recent"] = [
        {"id": row.id, "status": row.status, "duration_ms": row.duration_ms} for row in started
    ]
    wire["usual_duration_ms"] = figures.usual_duration_ms(started)
    wire |= figures.standing(recent) if recent else _NEVER_RAN
    if tags:
        wire["tags"] = tags
    return wire


def _earliest(job: Any, rows: Iterable[Any]) -> datetime | None:
    """Return when a job is due by its rows; of a schedule those whose moment is to come.

    A retry is due when it has waited long enough.
    """
    if job.schedule:
        rows = [row for row in rows if row.status == state.SCHEDULED and row.origin == "schedule"]
    moments = (
        row.run_at if row.attempt > 1 else row.due_at for row in rows if row.status in state.WAITING
    )
    return min(moments, default=None)


def _last(row: Any) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in _LAST}
    for name in ("completed_at", "duration_ms", "exit_code", "error"):
        if found[name] is None:
            del found[name]
    return found


def _tags(session: Session, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in session.execute(_TAGS, {"of_jobs": ids}):
        found[row.job_id].append(tag_wire(row))
    return found


def _recent(session: Session, ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return each job's newest executions, the newest first."""
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session.execute(_RECENT, {"of_jobs": ids}):
        found[row.job_id].append(row)
    return found


def _next_due(session: Session, ids: Sequence[str]) -> dict[str, datetime]:
    """Return when jobs are due whose planned execution is older than their recent ones."""
    query = (
        sa.select(Execution.job_id, sa.func.min(Execution.due_at))
        .where(Execution.job_id.in_(ids), ACTIVE, Execution.started_at.is_(None))
        .group_by(Execution.job_id)
    )
    return dict(iter(session.execute(query)))
