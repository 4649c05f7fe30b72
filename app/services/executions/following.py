"""How a job's status follows from its executions."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.models import Execution, Job
from app.services.access import sight
from app.services.driver.prepared import Prepared
from app.services.executions.sql import ACTIVE, STARTED

_jobs: Any = Job.__table__
_mine = (Execution.job_id == _jobs.c.id, ACTIVE)
_ended = sa.bindparam("ended", type_=sa.String())
#: The same, unless no execution has ended but only the schedule.
_result = sa.bindparam("result", type_=sa.String())
#: A fixed delay begins when the last execution of its job has ended.
_delay_begins = sa.and_(
    _jobs.c.delay_seconds.is_not(None),
    _jobs.c.is_armed,
    _jobs.c.off_since.is_(None),
    ~sa.exists().where(*_mine),
)
_FOLLOW = sa.update(_jobs).values(
    status=sa.case(
        (_jobs.c.paused_at.is_not(None), "paused"),
        (sa.exists().where(Execution.job_id == _jobs.c.id, STARTED), "running"),
        (sa.exists().where(*_mine), "scheduled"),
        (_jobs.c.is_armed, "scheduled"),
        else_=sa.func.coalesce(_ended, _jobs.c.status),
    ),
    last_result=sa.func.coalesce(_result, _jobs.c.last_result),
    last_ended_at=sa.case((_result.is_not(None), db_now()), else_=_jobs.c.last_ended_at),
)
#: Whether held rows wait for the job, said by the update itself. Only where one writes at a time:
#: on PostgreSQL an update that waited for another's lock returns what was there before it.
#: (In words of our own: SQLite's RETURNING would lose the names of the tables.)
_IS_WAITED_FOR: Any = sa.literal_column(
    "EXISTS (SELECT 1 FROM executions WHERE executions.blocked_on = jobs.id)"
).label("is_waited_for")
#: Asked whether it is NULL in a RETURNING, SQLite 3.40 says of every row that it is not.
_DELAY = _jobs.c.delay_seconds
_AND_ASK = (_jobs.c.id, _DELAY, _IS_WAITED_FOR)
#: A statement of its own: SQLite writes anew each index that has a column which is set, though to
#: what it was, and of the moments of jobs there are many. Few jobs have a delay.
_BEGIN_DELAYS = (
    sa.update(_jobs)
    .where(_jobs.c.id.in_(sa.bindparam("ids", expanding=True)), _delay_begins)
    .values(next_due_at=db_now(_jobs.c.delay_seconds), scheduled_at=db_now(_jobs.c.delay_seconds))
)
#: Mostly it is one, and a list of one costs as much again as the statement.
_ONE = _jobs.c.id == sa.bindparam("of_id")
_MANY = _jobs.c.id.in_(sa.bindparam("ids", expanding=True))
_FOLLOW_ONE = Prepared(_FOLLOW.where(_ONE).returning(_jobs.c.id, _DELAY))
_FOLLOW_MANY = _FOLLOW.where(_MANY).returning(_jobs.c.id, _DELAY)
_FOLLOW_ONE_AND_ASK = Prepared(_FOLLOW.where(_ONE).returning(*_AND_ASK))
_FOLLOW_MANY_AND_ASK = _FOLLOW.where(_MANY).returning(*_AND_ASK)
_WAITED_FOR = sa.select(Execution.blocked_on).distinct()
_WAITED_FOR_ONE = Prepared(_WAITED_FOR.where(Execution.blocked_on == sa.bindparam("of_key")))
_WAITED_FOR_MANY = _WAITED_FOR.where(Execution.blocked_on.in_(sa.bindparam("keys", expanding=True)))


def follow_job(session: Session, job_id: str, ended: str | None) -> None:
    """Set the job's status from what is left of its executions, else to how the last ended."""
    follow_jobs(session, [job_id], ended)


@sight.unlimited()
def follow_jobs(
    session: Session, job_ids: Sequence[str], ended: str | None, *, by_schedule: bool = False
) -> None:
    """Do what :func:`follow_job` does for several jobs whose executions ended alike.

    ``by_schedule`` says that not an execution has ended but what the schedule was to bring.
    """
    session.flush()
    given = {"ended": ended, "result": None if by_schedule else ended}
    _follow(session, (_FOLLOW_ONE, _FOLLOW_MANY), set(job_ids), given)


@sight.unlimited()
def follow_ended(session: Session, job_ids: Sequence[str], ended: str) -> list[str]:
    """Do what :func:`follow_jobs` does, and return those jobs whose end held rows wait for."""
    if session.get_bind().dialect.name != "sqlite":
        follow_jobs(session, job_ids, ended)
        return _waited_for(session, job_ids)
    session.flush()
    given = {"ended": ended, "result": ended}
    rows = _follow(session, (_FOLLOW_ONE_AND_ASK, _FOLLOW_MANY_AND_ASK), set(job_ids), given)
    return [row.id for row in rows if row.is_waited_for]


def _waited_for(session: Session, job_ids: Sequence[str]) -> list[str]:
    if len(job_ids) == 1:
        return [row.blocked_on for row in _WAITED_FOR_ONE.rows(session, {"of_key": job_ids[0]})]
    return [key for key in session.scalars(_WAITED_FOR_MANY, {"keys": list(job_ids)}) if key]


def _follow(
    session: Session, one_or_many: tuple[Any, Any], ids: set[str], given: Mapping[str, Any]
) -> Sequence[Any]:
    one, many = one_or_many
    rows: Sequence[Any]
    if len(ids) == 1:
        rows = one.rows(session, {**given, "of_id": next(iter(ids))})
    else:
        rows = session.execute(many, {**given, "ids": sorted(ids)}).all()
    delayed = sorted(row.id for row in rows if row.delay_seconds is not None)
    if delayed and given["ended"] is not None:
        session.execute(_BEGIN_DELAYS, {"ids": delayed})
    return rows
