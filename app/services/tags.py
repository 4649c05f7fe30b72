"""Tags: labels that any number of jobs carry."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.domain.errors import Conflict, Forbidden, NotFound
from app.domain.ids import new_id, normalise_id
from app.models import Job, Tag, job_tags
from app.services.access import sight
from app.services.jobs.views import tag_wire
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted

LISTING = Listing(Tag.id, {"name": Order(Tag.name)}, "name", "asc")


def page(session: Session, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of tags by name."""
    ids, cursor = LISTING.ids(session, Scope(), wanted)
    found = {tag.id: tag for tag in session.scalars(sa.select(Tag).where(Tag.id.in_(ids)))}
    rows = [tag_wire(found[tag_id]) for tag_id in ids if tag_id in found]
    total, is_capped = counted(session, sa.select(Tag.id))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def view(session: Session, tag_id: str) -> dict[str, Any]:
    """Return a tag as it goes on the wire. Raises :class:`NotFound`."""
    return tag_wire(get(session, tag_id))


def get(session: Session, tag_id: str) -> Tag:
    """Return a tag. Raises :class:`NotFound`."""
    known = normalise_id(tag_id)
    tag = session.get(Tag, known) if known else None
    if tag is None:
        raise NotFound("Tag not found")
    return tag


def create(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """Make a tag."""
    _refuse_taken(session, values["name"])
    tag = Tag(id=new_id(), **{"color": None, "is_default": False, **values}, created_at=now())
    session.add(tag)
    session.flush()
    return tag_wire(tag)


def update(session: Session, tag_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given of a tag."""
    tag = _changeable(session, tag_id)
    if "name" in values:
        _refuse_taken(session, values["name"], tag.id)
    for name, value in values.items():
        setattr(tag, name, value)
    session.flush()
    return tag_wire(tag)


def delete(session: Session, tag_id: str) -> None:
    """Delete a tag; jobs lose it."""
    session.execute(sa.delete(Tag).where(Tag.id == _changeable(session, tag_id).id))


def _changeable(session: Session, tag_id: str) -> Tag:
    """Return a tag. Raises :class:`Forbidden` if jobs carry it that are hidden."""
    tag = get(session, tag_id)
    if sight.limited() is not None:
        its = job_tags.c.tag_id == tag.id
        carriers = session.scalar(sa.select(sa.func.count(job_tags.c.job_id)).where(its))
        seen = sa.select(sa.func.count(Job.id)).join(job_tags, job_tags.c.job_id == Job.id)
        if tag.is_default or session.scalar(seen.where(its)) != carriers:
            raise Forbidden("others use this tag too", {"needs": ["membership"]})
    return tag


def _refuse_taken(session: Session, name: str, tag_id: str = "") -> None:
    query = sa.select(Tag.id).where(Tag.name == name, Tag.id != tag_id)
    with sight.unlimited():
        is_taken = session.scalar(query) is not None
    if is_taken:
        raise Conflict("another tag has this name")
