"""Jobs: editing, cloning and deleting them."""

from collections.abc import Iterable
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Conflict, invalid
from app.domain.events import JobChanged, JobDeleted
from app.domain.ids import normalise_id
from app.domain.names import LONGEST
from app.events import emit
from app.models import Execution, Job, JobVersion, job_tags
from app.services import executions
from app.services.access import sight
from app.services.executions.sql import ACTIVE
from app.services.jobs import creation, lifecycle, starts, views
from app.services.jobs.drafts import Draft, Known, vet_edit
from app.services.schedules import planning
from app.settings import Settings

#: May be changed whatever the job does at present.
_ALWAYS = frozenset({"enabled", "created_by"})
#: A change of these goes to the executions that wait.
_PLACING = frozenset(
    {
        *("scheduled_at", "queue", "priority", "project_id", "overlap", "on_lost"),
        *("concurrency_key", "concurrency_limit"),
    }
)
#: So many versions of a job are kept.
MOST_VERSIONS = 200
_CLONE_SUFFIX = " (clone)"


def locked(session: Session, job_id: str) -> tuple[Job, list[Execution]]:
    """Return a job and its active executions, locked, to be changed.

    Raises :class:`NotFound`, also for what is hidden, and :class:`Forbidden` if who asks may
    change only what is his and this is not.
    """
    known = normalise_id(job_id)
    job, active = executions.lock_active(session, known) if known else (None, [])
    if job is None:
        raise creation.not_found()
    sight.check_own(job.created_by)
    emit(session, JobChanged(job.id))
    return job, active


def update(
    session: Session,
    job_id: str,
    draft: Draft,
    actor: str,
    settings: Settings,
    expected_version: str | None = None,
) -> dict[str, Any]:
    """Change a job while it is scheduled; return it as it goes on the wire."""
    job, active = locked(session, job_id)
    _check_version(job, expected_version)
    known = Known(session, settings)
    values = vet_edit(draft, job, known)
    status = _wished_status(job, values.pop("status", None))
    check_editable(job, values)
    if values:
        _apply(session, job, active, values, actor)
    if status == "cancelled":
        starts.cancel(session, job, active, force=False)
    session.flush()
    session.refresh(job)
    return views.warned(session, views.one(session, job), job)


def check_editable(job: Job, names: Iterable[str]) -> None:
    """Raise :class:`Conflict` if these can't be changed in the job's present state."""
    if job.status in {"scheduled", "paused"} or job.schedule is not None:
        return
    if set(names) - _ALWAYS:
        raise Conflict(f"a job can be edited only while it is scheduled; this one is {job.status}")


def _check_version(job: Job, expected: str | None) -> None:
    if expected is None or expected.strip() == "*":
        return
    plain = expected.strip().removeprefix("W/").strip('"')
    if plain != str(job.version):
        message = f"the job was changed by another: it is at version {job.version}"
        raise Conflict(message, {"version": job.version})


def _wished_status(job: Job, status: str | None) -> str | None:
    if status in {None, job.status, "cancelled"}:
        return None if status == job.status else status
    raise invalid("status", "can only be set to cancelled", status)


def _apply(
    session: Session, job: Job, active: list[Execution], values: dict[str, Any], actor: str
) -> None:
    """Write the values, a version of the job, and what they mean for its executions."""
    if "external_id" in values:
        creation.refuse_taken(session, values["external_id"], job.id)
    if "config" in values:
        values["config"] = orjson.dumps(values["config"]).decode()
    tag_ids = values.pop("tag_ids", None)
    was_enabled, project = job.enabled, job.project_id
    recurred = job.schedule is not None
    for name, value in values.items():
        setattr(job, name, value)
    job.version, job.updated_at = job.version + 1, now()
    _set_tags(session, job, tag_ids)
    if job.project_id != project:
        _move_executions(session, job)
    creation.add_queues(session, {job.queue})
    waiting = [r for r in active if r.status in state.WAITING and r.chain_run_id is None]
    if recurred or job.schedule is not None:
        _reschedule(session, job, values, was_enabled=was_enabled)
    else:
        _replan(session, job, waiting, values, was_enabled=was_enabled, actor=actor)
    _keep_version(session, job, actor)


def _reschedule(
    session: Session,
    job: Job,
    values: dict[str, Any],
    *,
    was_enabled: bool,
) -> None:
    """Let a changed job with a schedule go on by what it says now, from the next moment on."""
    if "schedule" in values:
        lifecycle.begin_anew(session, job)
    if was_enabled and not job.enabled:
        planning.rest(session, job)
    elif job.enabled and not was_enabled:
        planning.go_on(session, job, "disabled: the job was disabled")
    if values.keys() & _PLACING:
        executions.place_waiting(session, job)
    executions.follow_job(session, job.id, None)


def _replan(
    session: Session,
    job: Job,
    waiting: list[Execution],
    values: dict[str, Any],
    *,
    was_enabled: bool,
    actor: str,
) -> None:
    if was_enabled and not job.enabled:
        for row in waiting:
            executions.withdraw(row, executions.JOB_DISABLED)
    elif job.enabled and not was_enabled:
        if job.status == "scheduled" and not waiting:
            executions.revive(session, job, actor)
    elif values.keys() & _PLACING:
        for row in waiting:
            moved = values.get("scheduled_at") if row is waiting[0] else None
            executions.replan(session, row, job, moved or row.run_at)


def _set_tags(session: Session, job: Job, tag_ids: list[str] | None) -> None:
    if tag_ids is None:
        return
    session.execute(sa.delete(job_tags).where(job_tags.c.job_id == job.id))
    rows = [{"job_id": job.id, "tag_id": tag_id} for tag_id in dict.fromkeys(tag_ids)]
    if rows:
        session.execute(sa.insert(job_tags), rows)


def _move_executions(session: Session, job: Job) -> None:
    session.flush()
    session.execute(
        sa.update(Execution).where(Execution.job_id == job.id).values(project_id=job.project_id)
    )


def _keep_version(session: Session, job: Job, actor: str) -> None:
    tags = session.scalars(sa.select(job_tags.c.tag_id).where(job_tags.c.job_id == job.id)).all()
    session.execute(sa.insert(JobVersion), [creation.version_row(job, tags, actor)])
    _forget_old_versions(session, job)


def _forget_old_versions(session: Session, job: Job) -> None:
    """Keep the newest versions, and those that executions have yet to run."""
    mine = sa.and_(Execution.job_id == job.id, Execution.job_version.is_not(None))
    wanted = sa.select(Execution.job_version).where(mine, ACTIVE)
    with sight.unlimited():
        session.execute(
            sa.delete(JobVersion).where(
                JobVersion.job_id == job.id,
                JobVersion.version <= job.version - MOST_VERSIONS,
                JobVersion.version.not_in(wanted),
            )
        )


def clone(
    session: Session, job_id: str, wish: dict[str, Any], actor: str, settings: Settings
) -> dict[str, Any]:
    """Make a job like another one: for another moment, or with the same schedule."""
    job = creation.get(session, job_id)
    name = wish.get("name") or job.name[: LONGEST - len(_CLONE_SUFFIX)] + _CLONE_SUFFIX
    kept = creation.version_row(job, _tag_ids(session, job.id), actor)
    definition = orjson.loads(kept["definition"])
    for part in ("external_id", "enabled", "scheduled_at", "auto_start"):
        del definition[part]
    definition["name"] = name
    if "scheduled_at" in wish:
        definition |= {"scheduled_at": wish["scheduled_at"], "schedule": None}
    return creation.create(session, Draft(definition), actor, settings)


def _tag_ids(session: Session, job_id: str) -> list[str]:
    return list(session.scalars(sa.select(job_tags.c.tag_id).where(job_tags.c.job_id == job_id)))


def delete(session: Session, job_id: str) -> None:
    """Delete a job with its executions, unless one of them runs."""
    job = deletable(session, job_id)
    emit(session, JobDeleted(job.id, job.project_id, job.created_by))
    session.execute(sa.delete(Job).where(Job.id == job.id))


def deletable(session: Session, job_id: str) -> Job:
    """Return a job, locked. Raises :class:`Conflict` if it runs, so that it can't be deleted."""
    job, active = locked(session, job_id)
    if any(row.status in state.STARTED for row in active):
        raise Conflict("the job is running; cancel it first")
    return job
