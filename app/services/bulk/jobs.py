"""What can be done to many jobs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Conflict
from app.models import Job, job_tags
from app.services.bulk.acts import Act, Things
from app.services.jobs import edits, lifecycle, lists, starts
from app.services.jobs.drafts import Draft
from app.services.jobs.lists import LISTING, JobFilters
from app.services.listing import Wanted
from app.settings import Settings


def within(filters: JobFilters, bound: datetime) -> JobFilters:
    """Return the filters for what was made by then."""
    return replace(filters, created_to=min(filters.created_to or bound, bound))


def _ids(session: Session, filters: JobFilters, wanted: Wanted) -> tuple[list[str], str | None]:
    """Return ids by birth: unlike all else that lists are sorted by, that never changes."""
    given = asdict(filters)
    wanted = replace(wanted, filters=given, sort_by="created_at", sort_order="asc")
    place = LISTING.place(wanted)
    scope, _ = lists.read_scope(session, filters, place.sort_by)
    return LISTING.ids(session, scope, wanted, place)


def _told(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    query = sa.select(Job.id, Job.name, Job.status).where(Job.id.in_(ids))
    return {row.id: row._asdict() for row in session.execute(query)}


JOBS = Things("job", Job, _ids, lists.conditions, _told, edits.locked)


def run(actor: str) -> Act:
    """Return the act of starting a job now."""

    def do(session: Session, job_id: str) -> None:
        job, active = edits.locked(session, job_id)
        starts.execute(session, job, active, {}, actor)

    return Act(JOBS, "jobs.execute_job", do)


def pause(reason: str | None, until: datetime | None) -> Act:
    """Return the act of pausing a job."""

    def do(session: Session, job_id: str) -> None:
        job, active = edits.locked(session, job_id)
        lifecycle.pause(session, job, active, reason, until)

    return Act(JOBS, "lifecycle.pause_job", do)


def resume(actor: str, missed: str | None) -> Act:
    """Return the act of letting a paused job go on."""

    def do(session: Session, job_id: str) -> None:
        job, _ = edits.locked(session, job_id)
        lifecycle.resume(session, job, actor, missed)

    return Act(JOBS, "lifecycle.resume_job", do)


def cancel(*, force: bool) -> Act:
    """Return the act of cancelling a job."""

    def do(session: Session, job_id: str) -> None:
        job, active = edits.locked(session, job_id)
        starts.cancel(session, job, active, force=force)

    return Act(JOBS, "jobs.cancel_job", do)


def delete() -> Act:
    """Return the act of deleting a job with its executions."""
    return Act(JOBS, "jobs.delete_job", edits.delete, edits.deletable)


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be changed of each job; what is ``None`` or empty stays."""

    enabled: bool | None = None
    priority: int | None = None
    project_id: str | None = None
    add_tag_ids: tuple[str, ...] = ()
    remove_tag_ids: tuple[str, ...] = ()


def change(wish: Change, actor: str, settings: Settings) -> Act:
    """Return the act of changing a job. One that is so already can't take part."""

    def do(session: Session, job_id: str) -> None:
        job, _ = edits.locked(session, job_id)
        values = _values(session, job, wish)
        if not values:
            raise Conflict("the job is so already")
        edits.update(session, job_id, Draft(values), actor, settings)

    return Act(JOBS, "jobs.update_job", do)


def _values(session: Session, job: Job, wish: Change) -> dict[str, Any]:
    """Return what is to be changed of this job."""
    wanted = {name: getattr(wish, name) for name in ("enabled", "priority", "project_id")}
    values = {
        name: value
        for name, value in wanted.items()
        if value is not None and value != getattr(job, name)
    }
    if wish.add_tag_ids or wish.remove_tag_ids:
        query = sa.select(job_tags.c.tag_id).where(job_tags.c.job_id == job.id)
        present = set(session.scalars(query))
        tags = (present | {*wish.add_tag_ids}) - {*wish.remove_tag_ids}
        if tags != present:
            values["tag_ids"] = sorted(tags)
    return values
