"""Executions by number (``#412``, ``nightly #412``), by id, or by what went wrong of late."""

import re
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.texts.folding import fold
from app.models import Execution, Job
from app.services import search
from app.services.finding import jobs
from app.services.finding.hits import Hit, Wish, first_line
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
        return _hits(session, wish, sa.select(Execution.id).where(*begins))
    return _by_error(session, wish)


def _by_number(session: Session, wish: Wish, name: str, number: int) -> list[Hit]:
    mine = sa.select(Execution.id).where(Execution.number == number)
    if name:
        named = jobs.find(session, Wish(name, fold(name), _LOOKED_AT))[:_LOOKED_AT]
        return _hits(session, wish, mine.where(Execution.job_id.in_([job.id for job in named])))
    newest = sa.select(Execution.id, Execution.number).order_by(Execution.id.desc())
    late = newest.limit(_NEWEST).subquery()
    some = sa.select(Job.id, Job.last_number).order_by(Job.id.desc()).limit(_NEWEST).subquery()
    of_jobs = sa.select(some.c.id).where(some.c.last_number >= number)
    ids = [
        *session.scalars(sa.select(late.c.id).where(late.c.number == number).limit(wish.limit)),
        *session.scalars(mine.where(Execution.job_id.in_(of_jobs)).limit(_LOOKED_AT)),
    ]
    return _of(session, sorted(set(ids), reverse=True)[: wish.limit])


def _by_error(session: Session, wish: Wish) -> list[Hit]:
    pattern = f"%{search.escaped(wish.text)}%"
    newest = (_newest_of(status) for status in state.FAILURES)
    some = sa.union_all(*(sa.select(one) for one in newest)).subquery()
    fits = sa.select(some.c.id).where(some.c.error.ilike(pattern, escape="\\"))
    return _of(session, session.scalars(fits.order_by(some.c.id.desc()).limit(wish.limit)).all())


def _newest_of(status: str) -> Any:
    query = sa.select(Execution.id, Execution.error).where(Execution.status == status)
    newest = query.order_by(Execution.started_at.desc(), Execution.id.desc())
    return newest.limit(_FAILURES).subquery()


def _hits(session: Session, wish: Wish, ids: sa.Select[Any]) -> list[Hit]:
    newest = ids.order_by(Execution.id.desc()).limit(wish.limit)
    return _of(session, session.scalars(newest).all())


def _of(session: Session, ids: Sequence[str]) -> list[Hit]:
    """Return the executions with these ids, the newest first."""
    if not ids:
        return []
    rows = session.execute(_QUERY.where(Execution.id.in_(ids)).order_by(Execution.id.desc()))
    return [_hit(row) for row in rows]


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
