"""Executions by number (``#412``, ``nightly #412``), by id, or by what went wrong of late."""

import re
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.folding import fold
from app.models import Execution, Job
from app.services.finding import jobs
from app.services.finding.hits import Hit, Wish, best, first_line
from app.services.finding.ids import range_of

_NUMBERED: Final = re.compile(r"(.*?)\s*#([0-9]{1,9})")
#: A number is looked for among so many jobs and executions, the newest.
_NEWEST: Final = 5_000
#: A text is looked for in the errors of so many failures, the newest of each status.
_FAILURES: Final = 300
_LOOKED_AT: Final = 200
#: Without the mapper: who sees an execution sees the name of its job.
_jobs: Any = Job.__table__
_COLUMNS: Final = (
    Execution.id,
    Execution.job_id,
    Execution.number,
    Execution.status,
    Execution.reason,
    Execution.error,
    Execution.started_at,
    Execution.due_at,
    _jobs.c.name.label("job_name"),
    _jobs.c.type.label("type"),
)
_QUERY: Final = sa.select(*_COLUMNS).join(_jobs, _jobs.c.id == Execution.job_id)


def find(session: Session, wish: Wish) -> list[Hit]:
    """Return the executions that a text may mean, the newest first."""
    numbered = _NUMBERED.fullmatch(wish.text)
    if numbered:
        return _by_number(session, wish, numbered[1], int(numbered[2]))
    if ids := range_of(wish.folded):
        begins = (Execution.id >= ids[0], Execution.id <= ids[1])
        return _hits(session, sa.select(Execution.id).where(*begins).limit(wish.limit))
    return _by_error(session, wish)


def _by_number(session: Session, wish: Wish, name: str, number: int) -> list[Hit]:
    mine = sa.select(Execution.id).where(Execution.number == number)
    if name:
        named = jobs.find(session, Wish(name, fold(name), _LOOKED_AT))[:_LOOKED_AT]
        return _hits(session, mine.where(Execution.job_id.in_([job.id for job in named])))
    newest = sa.select(Execution.id, Execution.number).order_by(Execution.id.desc())
    late = newest.limit(_NEWEST).subquery()
    some = sa.select(Job.id, Job.last_number).order_by(Job.id.desc()).limit(_NEWEST).subquery()
    of_jobs = sa.select(some.c.id).where(some.c.last_number >= number)
    ids = [
        *session.scalars(sa.select(late.c.id).where(late.c.number == number).limit(_LOOKED_AT)),
        *session.scalars(mine.where(Execution.job_id.in_(of_jobs)).limit(_LOOKED_AT)),
    ]
    return _hits(session, sa.select(Execution.id).where(Execution.id.in_(ids)))


def _by_error(session: Session, wish: Wish) -> list[Hit]:
    rows: list[Any] = []
    for status in state.FAILURES:
        query = _QUERY.where(Execution.status == status)
        newest = query.order_by(Execution.started_at.desc(), Execution.id.desc())
        rows += session.execute(newest.limit(_FAILURES)).all()
    rows.sort(key=lambda row: str(row.id), reverse=True)
    return best((wish.rank(row.error), _hit(row)) for row in rows)


def _hits(session: Session, ids: sa.Select[Any]) -> list[Hit]:
    query = _QUERY.where(Execution.id.in_(session.scalars(ids.limit(_LOOKED_AT)).all()))
    return [_hit(row) for row in session.execute(query.order_by(Execution.id.desc()))]


def _hit(row: Any) -> Hit:
    return Hit(
        row.id,
        f"{row.job_name} #{row.number}",
        first_line(row.error),
        status=row.status,
        reason=row.reason,
        type=row.type,
        job_id=row.job_id,
        at=row.started_at or row.due_at,
    )
