"""Narrowing lists to what few rows have: a part of a name, a tag.

Few matches are looked up by their index; many are found soonest by walking the list in its
order and looking at each row. Which of both it is, is found by counting up to a bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Job, job_tags
from app.services.access import sight
from app.services.listing import COUNTED

#: Up to so many matches are looked up by their index.
FEW = 2000
#: Shorter words have no trigram.
_TRIGRAM = 3

_FOUND = (
    "SELECT job_search_ids.job_id FROM job_search"
    " JOIN job_search_ids ON job_search_ids.number = job_search.rowid"
    " WHERE job_search MATCH :phrase"
)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A condition, and how many of all jobs fulfil it, up to one more than is counted, if known."""

    condition: sa.ColumnElement[bool]
    matches: int | None = None


def name_contains(session: Session, text: str) -> Narrowed:
    """Narrow to jobs whose name contains a text, in whatever case."""
    pattern = f"%{_escaped(text)}%"
    if session.get_bind().dialect.name != "sqlite":
        return Narrowed(Job.name.ilike(pattern, escape="\\"))
    alike = Job.name.like(pattern, escape="\\")  # on SQLite in any case, and quicker
    if len(text) < _TRIGRAM:  # no index of parts serves; reading the names alone is quick
        ids = list(session.scalars(sa.select(Job.id).where(alike).limit(FEW + 1)))
        return Narrowed(Job.id.in_(ids), len(ids)) if len(ids) <= FEW else Narrowed(alike)
    found = sa.text(_FOUND).bindparams(phrase='"{}"'.format(text.replace('"', '""')))
    named: Any = found.columns(sa.column("job_id", sa.String(32))).subquery()
    matches = _matches(session, sa.select(named.c.job_id))
    is_few = matches <= COUNTED
    return Narrowed(Job.id.in_(sa.select(named.c.job_id)) if is_few else alike, matches)


@sight.unlimited()
def _matches(session: Session, query: sa.Select[Any]) -> int:
    some = query.limit(COUNTED + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def tagged(
    session: Session, job_id: sa.SQLColumnExpression[str], tag_ids: Sequence[str]
) -> Narrowed:
    """Narrow to what belongs to jobs that have one of these tags; ``job_id`` says of which job."""
    having: Any = sa.select(job_tags.c.job_id).where(job_tags.c.tag_id.in_(tag_ids))
    matches = _matches(session, having.distinct() if len(tag_ids) > 1 else having)
    if matches <= FEW:
        return Narrowed(job_id.in_(having), matches)
    its_own = having.where(job_tags.c.job_id == job_id).correlate_except(job_tags)
    return Narrowed(sa.exists(its_own), matches)
