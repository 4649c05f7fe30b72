"""Which variables somebody sees, and which of them may be changed by whom."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.errors import Forbidden, NotFound
from app.domain.ids import normalise_id
from app.domain.variables import GLOBAL
from app.models import Job, Project, Variable
from app.services.access import Principal, Sight

SENSITIVE = "variable:encrypt"


def visible(who: Principal) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the rows that somebody sees; global ones apply to everybody."""
    found: list[sa.ColumnElement[bool]] = []
    if not who.may(SENSITIVE):
        found.append(Variable.is_sensitive.is_(False))
    if who.sight.is_limited:
        jobs = sa.select(Job.id).where(_sees_job(who.sight))
        of_projects = Variable.project_id.in_(sa.select(Project.id).where(_sees(who.sight)))
        found.append(sa.or_(Variable.scope == GLOBAL, of_projects, Variable.job_id.in_(jobs)))
    return found


def job(session: Session, who: Principal, job_id: str) -> Job:
    """Return a job that somebody sees. Raises :class:`NotFound`."""
    known = normalise_id(job_id)
    query = sa.select(Job).where(Job.id == known, _sees_job(who.sight))
    found = session.scalar(query) if known else None
    if found is None:
        raise NotFound("Job not found")
    return found


def has_project(session: Session, who: Principal, project_id: str) -> bool:
    """Return whether there is such a project, and somebody sees it."""
    query = sa.select(Project.id).where(Project.id == project_id, _sees(who.sight))
    return session.scalar(query) is not None


def check_change(who: Principal, scope: str, *, is_sensitive: bool) -> None:
    """Raise :class:`Forbidden` if somebody may not make or change such a variable."""
    if scope == GLOBAL and who.sight.is_limited:
        raise Forbidden("global variables are changed by those who see everything")
    if is_sensitive and not who.may(SENSITIVE):
        raise Forbidden("insufficient permissions", {"needs": [SENSITIVE]})


def _sees(sight: Sight) -> sa.ColumnElement[bool]:
    column: Any = Project.id
    parts = [] if sight.everything else [column.in_(sight.projects)]
    parts += [column == sight.within] if sight.within else []
    return sa.and_(sa.true(), *parts)


def _sees_job(sight: Sight) -> sa.ColumnElement[bool]:
    column: Any = Job.project_id
    mine = sa.or_(Job.created_by == sight.actor, column.in_(sight.projects))
    parts = [] if sight.everything else [mine]
    parts += [column == sight.within] if sight.within else []
    return sa.and_(sa.true(), *parts)
