"""Jobs: keeping them as a list of definitions elsewhere has them.

A definition is matched to a job by its ``external_id``. What is the same stays untouched, a job
that is paused stays paused, and a definition that is refused spoils no other.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Conflict, DomainError, Fault, Invalid, invalid
from app.domain.schedules.once import parse_moment
from app.models import Job, job_tags
from app.services import audit
from app.services.jobs import creation, edits
from app.services.jobs.drafts import Draft, Known, vet_edit, vet_new
from app.settings import Settings

#: Only said when a job is made: a list must not start what somebody has paused.
_AT_BIRTH = ("auto_start", "immediate")
#: The names under which a schedule that is due once holds its moment.
_MOMENTS = frozenset({"scheduled_at", "execute_at"})
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
    that run; none are if an item does not say which job it is. With ``dry_run`` nothing is
    changed.
    """
    if wish.source:
        audit.about("source", wish.source, wish.source)
    known = Known(session, settings)
    seen: set[str] = set()
    with audit.through("import"):
        items = [_one(session, draft, wish, (actor, known, seen)) for draft in wish.drafts]
    if wish.prune:
        items += _prune(session, wish, seen, is_whole=all(_id_of(d) for d in wish.drafts))
    counts = Counter(item["outcome"] for item in items)
    audit.tell(dry_run=wish.dry_run, outcomes=dict(counts))
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
    values = _as_edit(draft.values, job)
    draft = Draft(values, draft.faults)
    names = _differing(session, job, vet_edit(draft, job, known))
    if job.source != wish.source and not wish.dry_run:
        job.source = wish.source
    if not names:
        return {"outcome": "unchanged", "job_id": job.id}
    edits.check_editable(job, names)
    if not wish.dry_run:
        wanted = {name: values[name] for name in names if name in values}
        edits.update(session, job.id, Draft(wanted), actor, known.settings)
    return {"outcome": "updated", "job_id": job.id, "fields": sorted(names)}


def _as_edit(given: Mapping[str, Any], job: Job) -> dict[str, Any]:
    """Return a definition as an edit of its job: only a moment that differs is named."""
    values = {name: value for name, value in given.items() if name not in _AT_BIRTH}
    schedule = values.get("schedule")
    if isinstance(schedule, Mapping) and schedule.keys() & _MOMENTS:
        values["schedule"] = {n: v for n, v in schedule.items() if n not in _MOMENTS}
        values["scheduled_at"] = next(v for n, v in schedule.items() if n in _MOMENTS)
    moment = values.get("scheduled_at")
    if job.schedule:
        # Its moments come from its schedule: one that is given means that it shall run once.
        return {"schedule": None} | values if moment is not None else values
    if _is_present(moment, job, values.get("timezone") or job.timezone):
        del values["scheduled_at"]
    return values


def _is_present(text: Any, job: Job, zone: str) -> bool:
    """Return whether a wished moment is the job's own, which may have passed by now."""
    if not isinstance(text, str) or job.scheduled_at is None:
        return False
    try:
        return parse_moment(text, job.scheduled_at, zone) == job.scheduled_at
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


def _prune(session: Session, wish: Wish, seen: set[str], *, is_whole: bool) -> list[dict[str, Any]]:
    query = sa.select(Job.id, Job.external_id, Job.name).where(Job.source == wish.source)
    items = []
    for job_id, external_id, name in session.execute(query.order_by(Job.id)).all():
        if external_id in seen:
            continue
        item = {"external_id": external_id, "name": name, "job_id": job_id}
        try:
            _delete(session, job_id, is_whole=is_whole, dry_run=wish.dry_run)
            items.append(item | {"outcome": "deleted"})
        except DomainError as error:
            items.append(item | {"outcome": "refused", "error": str(error), "details": None})
    return items


def _delete(session: Session, job_id: str, *, is_whole: bool, dry_run: bool) -> None:
    if not is_whole:
        raise Conflict("not deleted: an item without a usable external_id may have meant this job")
    if dry_run:
        edits.deletable(session, job_id)
    else:
        edits.delete(session, job_id)


def _id_of(draft: Draft) -> Any:
    return draft.values.get("external_id")
