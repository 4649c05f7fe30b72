"""Chains, errors and people, of which there are few."""

from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Chain, Execution, Job, Project, User
from app.services.executions.sql import DEAD
from app.services.finding.hits import Hit, Wish, best, first_line

#: So many rows of each are looked at, the newest.
_NEWEST: Final = 5_000
_DEAD_LETTERS: Final = 2_000
#: Without the mapper: who sees a chain or an execution sees these names.
_projects: Any = Project.__table__
_jobs: Any = Job.__table__


def chains(session: Session, wish: Wish) -> list[Hit]:
    """Return the chains whose names contain a text."""
    names = (Chain.id, Chain.name, _projects.c.name.label("project_name"))
    query = sa.select(*names).join(_projects, _projects.c.id == Chain.project_id)
    rows = session.execute(query.order_by(Chain.id.desc()).limit(_NEWEST))
    return best((_rank(wish, row.id, row.name), _chain(row)) for row in rows)


def _chain(row: Any) -> Hit:
    return Hit(row.id, row.name, row.project_name)


def _rank(wish: Wish, row_id: str, *texts: str | None) -> int | None:
    return 0 if wish.folded == row_id else wish.rank(*texts)


def errors(session: Session, wish: Wish) -> list[Hit]:
    """Return what dead letters that wait for a person have in common, by what they say."""
    columns = (
        *(Execution.fingerprint, Execution.error, Execution.error_code),
        *(Execution.job_id, Execution.completed_at, _jobs.c.name.label("job_name")),
    )
    newest = (Execution.completed_at.desc(), Execution.id.desc())
    query = sa.select(*columns).join(_jobs, _jobs.c.id == Execution.job_id).where(DEAD)
    rows = session.execute(query.order_by(*newest).limit(_DEAD_LETTERS)).all()
    by_mark = sorted(rows, key=lambda row: str(row.fingerprint))  # within one the newest first
    groups = [list(group) for _, group in groupby(by_mark, lambda row: row.fingerprint)]
    groups.sort(key=lambda group: group[0].completed_at, reverse=True)
    return best((_rank_error(wish, group[0]), _error(group)) for group in groups)


def _rank_error(wish: Wish, row: Any) -> int | None:
    return _rank(wish, row.fingerprint, row.error, row.error_code, row.job_name)


def _error(group: list[Any]) -> Hit:
    row = group[0]
    return Hit(
        row.fingerprint,
        first_line(row.error) or row.error_code or row.fingerprint,
        row.job_name,
        status="dead_letter",
        job_id=row.job_id,
        at=row.completed_at,
        count=len(group),
    )


def people(session: Session, wish: Wish) -> list[Hit]:
    """Return the users whose names or addresses contain a text."""
    columns = (User.id, User.username, User.email, User.is_active)
    query = sa.select(*columns).where(User.deleted_at.is_(None))
    rows = session.execute(query.order_by(User.id.desc()).limit(_NEWEST))
    named = Wish(wish.text, wish.folded.removeprefix("@"), wish.limit)
    return best((_rank(named, row.id, row.username, row.email), _person(row)) for row in rows)


def _person(row: Any) -> Hit:
    return Hit(row.id, row.username, row.email, status=None if row.is_active else "off")
