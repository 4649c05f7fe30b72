"""Narrowing lists to what few rows have: a part of a name, a tag.

Few matches are looked up by their index; many are found soonest by walking the list in its
order and looking at each row. Which of both it is, is found by counting up to a bound.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Job, job_tags

#: Up to so many matches are looked up by their index.
FEW = 2000
#: Shorter words have no trigram.
_TRIGRAM = 3

_FOUND = (
    "SELECT job_search_ids.job_id FROM job_search"
    " JOIN job_search_ids ON job_search_ids.number = job_search.rowid"
    " WHERE job_search MATCH :phrase"
)


def name_contains(session: Session, text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a job's name contains a text, in whatever case."""
    pattern = f"%{_escaped(text)}%"
    if session.get_bind().dialect.name != "sqlite":
        return Job.name.ilike(pattern, escape="\\")
    alike = Job.name.like(pattern, escape="\\")  # on SQLite in any case, and quicker
    if len(text) < _TRIGRAM:  # no index of parts serves; reading the names alone is quick
        ids: Any = sa.select(Job.id).where(alike)
    else:
        found = sa.text(_FOUND).bindparams(phrase='"{}"'.format(text.replace('"', '""')))
        ids = found.columns(sa.column("job_id", sa.String(32)))
    few = session.scalars(sa.select(ids.subquery().c[0]).limit(FEW + 1)).all()
    return Job.id.in_(few if len(text) < _TRIGRAM else ids) if len(few) <= FEW else alike


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def tagged(
    session: Session, job_id: sa.SQLColumnExpression[str], tag_ids: Sequence[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that the job with this id has one of these tags."""
    having: Any = sa.select(job_tags.c.job_id).where(job_tags.c.tag_id.in_(tag_ids))
    if len(session.execute(having.limit(FEW + 1)).all()) <= FEW:
        return job_id.in_(having)
    return sa.exists(having.where(job_tags.c.job_id == job_id).correlate_except(job_tags))
