"""Revisions of jobs: what each edit made of a job, and going back to one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import Conflict, NotFound
from app.models import Job, JobVersion, Tag, job_tags
from app.services import audit
from app.services.jobs import creation, edits
from app.services.jobs.drafts import Draft
from app.services.listing import Page
from app.settings import Settings

#: Whether a job is on is no part of what it is: going back to a revision does not switch it.
_STAYS = frozenset({"type", "enabled", "auto_start"})


def page(session: Session, job: Job, limit: int, offset: int) -> Page[dict[str, Any]]:
    """Return revisions of a job, the newest first, with the names of what each changed."""
    mine = sa.select(JobVersion).where(JobVersion.job_id == job.id)
    some = mine.order_by(JobVersion.version.desc()).limit(limit + 1).offset(offset)
    found = session.scalars(some).all()
    total = session.scalar(sa.select(sa.func.count()).select_from(mine.subquery())) or 0
    older = [*found[1:], None]
    rows = [_wire(row, before) for row, before in zip(found, older, strict=True)][:limit]
    return Page(rows, total, limit, offset)


def one(session: Session, job: Job, version: str) -> dict[str, Any]:
    """Return a revision with all that it says of its job. Raises :class:`NotFound`."""
    row = _get(session, job, version)
    before = session.scalars(
        sa.select(JobVersion)
        .where(JobVersion.job_id == job.id, JobVersion.version < row.version)
        .order_by(JobVersion.version.desc())
        .limit(1)
    ).first()
    return _wire(row, before) | {"definition": orjson.loads(row.definition)}


def restore(
    session: Session,
    job_id: str,
    version: str,
    actor: str,
    settings: Settings,
    expected_version: str | None = None,
) -> dict[str, Any]:
    """Make a job what it was at a revision, as an edit like any other; return its wire.

    Whether it is on stays as it is, and so does a moment that has passed. Raises
    :class:`NotFound`, and whatever :func:`app.services.jobs.edits.update` does.
    """
    job, _ = edits.locked(session, job_id)
    kept = _get(session, job, version)
    values = _wish(session, job, orjson.loads(kept.definition))
    if not values:
        raise Conflict(f"the job is as it was at revision {kept.version}")
    audit.tell(restored_version=kept.version)
    return edits.update(session, job.id, Draft(values), actor, settings, expected_version)


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the names of what differs between two definitions; of the config its parts."""
    names = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new or (name == "scheduled_at" and after.get("schedule")):
            continue  # what recurs has its moments from its schedule
        if name == "config" and isinstance(old, dict) and isinstance(new, dict):
            parts = sorted(old.keys() | new.keys())
            names += [f"config.{part}" for part in parts if old.get(part) != new.get(part)]
        else:
            names.append(name)
    return names


def _get(session: Session, job: Job, version: str) -> JobVersion:
    # Longer numbers are none that a database knows.
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    query = sa.select(JobVersion).where(JobVersion.job_id == job.id, JobVersion.version == number)
    row = session.scalar(query)
    if row is None:
        raise NotFound("Revision not found")
    return row


def _wire(row: JobVersion, before: JobVersion | None) -> dict[str, Any]:
    names = None
    if before is not None:
        names = changed(orjson.loads(before.definition), orjson.loads(row.definition))
    return {
        "version": row.version,
        "actor": row.actor,
        "via": row.via,
        "created_at": row.created_at,
        "changed": names,
    }


def _wish(session: Session, job: Job, kept: dict[str, Any]) -> dict[str, Any]:
    """Return what an edit must name to make a job what it was."""
    tags = session.scalars(sa.select(job_tags.c.tag_id).where(job_tags.c.job_id == job.id)).all()
    present = orjson.loads(creation.version_row(job, tags, "")["definition"])
    wish = {n: v for n, v in kept.items() if n not in _STAYS and v != present.get(n)}
    if "tag_ids" in wish:
        known = sa.select(Tag.id).where(Tag.id.in_(wish["tag_ids"]))
        wish["tag_ids"] = sorted(session.scalars(known))
        if wish["tag_ids"] == sorted(tags):
            del wish["tag_ids"]
    moment = wish.pop("scheduled_at", None)
    if moment and not kept["schedule"] and datetime.fromisoformat(moment) > now():
        wish["scheduled_at"] = moment
    return wish
