"""Jobs: keeping them as a list of definitions elsewhere has them.

A definition is matched to a job by its ``external_id``. What is the same stays untouched, a job
that is paused stays paused, and a definition that is refused spoils no other.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import DomainError, Fault, Invalid, invalid
from app.domain.schedules.once import parse_moment
from app.models import Job, job_tags
from app.services.jobs import creation, edits
from app.services.jobs.drafts import Draft, Known, vet_edit, vet_new
from app.settings import Settings

#: Only said when a job is made: a list must not start what somebody has paused.
_AT_BIRTH = ("auto_start", "immediate")
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What a sync is about: the definitions, where they come from, and how to go about it."""

    drafts: Sequence[Draft]
    source: str
    prune: bool = False
    dry_run: bool = False


def sync(session: Session, wish: Wish, actor: str, settings: Settings) -> dict[str, Any]:
    """Make and change jobs to be as their definitions; return what became of each.

    With ``prune`` jobs of the same source that are no longer listed are deleted, but for those
    that run. With ``dry_run`` nothing is changed.
    """
    known = Known(session, settings)
    seen: set[str] = set()
    items = [_one(session, draft, wish, (actor, known, seen)) for draft in wish.drafts]
    if wish.prune:
        items += _prune(session, wish, seen)
    counts = Counter(item["outcome"] for item in items)
    outcomes = ("created", "updated", "unchanged", "refused", "deleted")
    return {"dry_run": wish.dry_run, "items": items} | {name: counts[name] for name in outcomes}


_About = tuple[str, Known, set[str]]


def _one(session: Session, draft: Draft, wish: Wish, about: _About) -> dict[str, Any]:
    external_id = draft.values.get("external_id")
    item: dict[str, Any] = {"external_id": external_id, "name": draft.values.get("name")}
    try:
        _check_id(external_id, draft, about[2])
        job = session.scalar(sa.select(Job).where(Job.external_id == external_id))
        done = _make(session, draft, wish, about) if job is None else None
        return item | (done or _change(session, job, draft, wish, about))
    except DomainError as error:
        return item | {"outcome": "refused", "error": str(error), "details": error.details}


def _check_id(external_id: str | None, draft: Draft, seen: set[str]) -> None:
    if not external_id:
        missing = Fault("external_id", "is needed to find the job again")
        raise Invalid([missing, *(f for f in draft.faults if f.field != "external_id")])
    if external_id in seen:
        raise invalid("external_id", "is listed twice", external_id)
    seen.add(external_id)


def _make(session: Session, draft: Draft, wish: Wish, about: _About) -> dict[str, Any]:
    actor, known, _ = about
    if wish.dry_run:
        vet_new(draft, known)
        return {"outcome": "created", "job_id": None}
    made = creation.create(session, draft, actor, known.settings)
    session.execute(sa.update(Job).where(Job.id == made["id"]).values(source=wish.source))
    return {"outcome": "created", "job_id": made["id"]}


def _change(session: Session, job: Any, draft: Draft, wish: Wish, about: _About) -> dict[str, Any]:
    actor, known, _ = about
    values = {n: v for n, v in draft.values.items() if n not in _AT_BIRTH}
    if _is_present(values.get("scheduled_at"), job):
        del values["scheduled_at"]
    draft = Draft(values, draft.faults)
    names = _differing(session, job, vet_edit(draft, job, known))
    if job.source != wish.source and not wish.dry_run:
        job.source = wish.source
    if not names:
        return {"outcome": "unchanged", "job_id": job.id}
    if not wish.dry_run:
        wanted = {name: values[name] for name in names if name in values}
        edits.update(session, job.id, Draft(wanted), actor, known.settings)
    return {"outcome": "updated", "job_id": job.id, "fields": sorted(names)}


def _is_present(text: Any, job: Job) -> bool:
    """Return whether a wished moment is the job's own, which may have passed by now."""
    if not isinstance(text, str) or job.scheduled_at is None:
        return False
    try:
        return parse_moment(text, job.scheduled_at) == job.scheduled_at
    except ValueError:
        return False


def _differing(session: Session, job: Job, values: dict[str, Any]) -> list[str]:
    def present(name: str) -> Any:
        if name == "config":
            return orjson.loads(job.config)
        if name == "tag_ids":
            query = sa.select(job_tags.c.tag_id).where(job_tags.c.job_id == job.id)
            return sorted(session.scalars(query))
        return getattr(job, name)

    wished = values | ({"tag_ids": sorted(values["tag_ids"])} if "tag_ids" in values else {})
    return [name for name, value in wished.items() if value != present(name)]


def _prune(session: Session, wish: Wish, seen: set[str]) -> list[dict[str, Any]]:
    query = sa.select(Job.id, Job.external_id, Job.name).where(Job.source == wish.source)
    items = []
    for job_id, external_id, name in session.execute(query).all():
        if external_id in seen:
            continue
        item = {"external_id": external_id, "name": name, "job_id": job_id}
        try:
            if not wish.dry_run:
                edits.delete(session, job_id)
            items.append(item | {"outcome": "deleted"})
        except DomainError as error:
            items.append(item | {"outcome": "refused", "error": str(error), "details": None})
    return items
