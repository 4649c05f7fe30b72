"""Dead letters: what has used all its retries and waits for a person to replay or discard it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import reading, transaction
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Conflict, NotFound
from app.models import Execution, Job
from app.services import audit, execution_lists, executions, search, totals
from app.services.executions.sql import DEAD
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, check_range, counted

#: Without the mapper: who sees an execution sees the name of its job.
_jobs: Any = Job.__table__
#: So many are replayed or discarded in one call.
MAX_BATCH = 1000
#: The ends of a group are counted for each of so many days, the last of which ends now.
DAYS = 7
#: So many refusals are told one by one.
_TOLD = 100
LISTING = Listing(
    Execution.id, {"completed_at": Order(Execution.completed_at)}, "completed_at", "desc"
)


@dataclass(frozen=True, slots=True)
class DeadLetterFilters:
    """What narrows the dead letters; the dates are of their ends."""

    job_id: str | None = None
    project_id: str | None = None
    tag_id: tuple[str, ...] = ()
    type: str | None = None
    error_code: str | None = None
    fingerprint: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


def page(session: Session, filters: DeadLetterFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of dead letters that wait for a person, as executions on the wire."""
    where = _where(session, filters)
    wanted = replace(wanted, filters=asdict(filters))
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    total, is_capped = counted(session, sa.select(Execution.id).where(*where))
    rows = execution_lists.rows(session, ids)
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def _where(session: Session, filters: DeadLetterFilters) -> tuple[Any, ...]:
    check_range(filters.date_from, filters.date_to, ("from", "to"))
    where: list[Any] = [DEAD]
    for name in ("job_id", "project_id", "error_code", "fingerprint"):
        if getattr(filters, name) is not None:
            where.append(getattr(Execution, name) == getattr(filters, name))
    if filters.type is not None:
        where.append(Execution.job_id.in_(sa.select(Job.id).where(Job.type == filters.type)))
    if filters.tag_id:
        where.append(search.tagged(session, Execution.job_id, filters.tag_id).condition)
    if filters.date_from is not None:
        where.append(Execution.completed_at >= filters.date_from)
    if filters.date_to is not None:
        where.append(Execution.completed_at <= filters.date_to)
    return tuple(where)


def groups(session: Session, filters: DeadLetterFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return the dead letters by what their errors have in common, the most frequent first."""
    where = _where(session, filters)
    mark = Execution.fingerprint
    ends = (sa.func.min(Execution.completed_at), sa.func.max(Execution.completed_at))
    counts = (sa.func.count().label("number"), *ends, *_by_day(now()))
    query = sa.select(mark, *counts).where(*where).group_by(mark)
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    some = query.order_by(sa.desc("number"), mark).limit(wanted.limit).offset(wanted.offset)
    found = session.execute(some).all()
    newest = _newest(session, where, [str(row[0]) for row in found])
    rows = [
        {
            "fingerprint": mark,
            "count": number,
            "first_at": first,
            "last_at": last,
            "by_day": days,
            **newest[str(mark)],
        }
        for mark, number, first, last, *days in found
    ]
    return Page(rows, total, wanted.limit, wanted.offset)


def _by_day(moment: datetime) -> Iterator[Any]:
    """Yield columns that count the ends within each of the last days, the oldest first."""
    day = timedelta(days=1)
    for ago in range(DAYS, 0, -1):
        after, until = moment - ago * day, moment - (ago - 1) * day
        is_then = sa.and_(Execution.completed_at > after, Execution.completed_at <= until)
        yield sa.func.count().filter(is_then).label(f"ago{ago}")


def _newest(
    session: Session, where: tuple[Any, ...], marks: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Return the newest dead letter of each fingerprint, as an example."""
    order = (Execution.completed_at.desc(), Execution.id.desc())
    place = sa.func.row_number().over(partition_by=Execution.fingerprint, order_by=order)
    names = ("id", "job_id", "error", "error_code", "fingerprint")
    columns = (*(getattr(Execution, n) for n in names), _jobs.c.name.label("job_name"))
    mine = (*where, Execution.fingerprint.in_(marks))
    its_job = _jobs.c.id == Execution.job_id
    query = sa.select(*columns, place.label("place")).join(_jobs, its_job).where(*mine)
    ranked = query.subquery()
    rows = session.execute(sa.select(ranked).where(ranked.c.place == 1))
    return {
        str(row.fingerprint): {
            "execution_id": row.id,
            "job_id": row.job_id,
            "job_name": row.job_name,
            "error": row.error,
            "error_code": row.error_code,
        }
        for row in rows
    }


def stats(session: Session, project_id: str | None = None) -> dict[str, int]:
    """Return how many dead letters wait, and how many executions failed or had no time left."""
    where = _where(session, DeadLetterFilters(project_id=project_id))

    def ended(status: str) -> int:
        return totals.of(session, "executions", project_id, (status,))

    return {
        "dead": _count(session, where),
        "failed": ended(state.FAILED),
        "timeout": ended(state.TIMEOUT),
    }


def discard(session: Session, execution_id: str) -> dict[str, Any]:
    """Take a dead letter off the list; it stays in the ledger. Doing it again changes nothing."""
    row = execution_lists.get(session, execution_id, lock=True)
    if row.status != state.DEAD_LETTER:
        raise Conflict(f"only a dead letter can be discarded; this execution is {row.status}")
    row.discarded_at = row.discarded_at or now()
    session.flush()
    return execution_lists.detail(session, row.id)


def discard_some(session: Session, filters: DeadLetterFilters, limit: int) -> dict[str, Any]:
    """Discard the oldest dead letters that the filters let through; say how many are left."""
    where = _where(session, filters)
    _tell(filters, limit)
    some = sa.select(Execution.id).where(*where).order_by(Execution.completed_at).limit(limit)
    gone = session.execute(
        sa.update(Execution)
        .where(Execution.id.in_(some.scalar_subquery()), DEAD)
        .values(discarded_at=now())
        .execution_options(synchronize_session=False)
    )
    return _report(int(getattr(gone, "rowcount", 0)), _count(session, where))


def replay_some(filters: DeadLetterFilters, limit: int, actor: str) -> dict[str, Any]:
    """Replay the oldest dead letters that the filters let through.

    Those of one job share a unit of work; what its overlap policy refuses stays on the list.
    """
    _tell(filters, limit)
    made: list[str] = []
    refused: list[dict[str, str]] = []
    for ids in _by_job(filters, limit):
        with transaction() as session:
            for one in ids:
                try:
                    made.append(str(executions.replay(session, one, actor)["execution_id"]))
                except (Conflict, NotFound) as error:
                    refused.append({"id": one, "error": str(error)})
    with reading() as session:
        left = _count(session, _where(session, filters))
    return _report(len(made), left, len(refused)) | {
        "executions": made,
        "refusals": refused[:_TOLD],
    }


def _tell(filters: DeadLetterFilters, limit: int) -> None:
    """Say in the audit log what was asked for: the rows are changed past the session."""
    given = {name: value for name, value in asdict(filters).items() if value}
    audit.tell(filters=given, limit=limit)


def _by_job(filters: DeadLetterFilters, limit: int) -> list[list[str]]:
    with reading() as session:
        query = sa.select(Execution.job_id, Execution.id).where(*_where(session, filters))
        found = session.execute(query.order_by(Execution.completed_at).limit(limit)).all()
    rows = sorted(found, key=lambda row: row.job_id)  # within a job the oldest stays first
    return [[row.id for row in of_job] for _, of_job in groupby(rows, lambda row: row.job_id)]


def preview(session: Session, filters: DeadLetterFilters) -> dict[str, Any]:
    """Return the report of doing nothing: how many dead letters the filters let through."""
    return _report(0, _count(session, _where(session, filters)))


def _count(session: Session, where: tuple[Any, ...]) -> int:
    return session.scalar(sa.select(sa.func.count(Execution.id)).where(*where)) or 0


def _report(done: int, remaining: int, refused: int = 0) -> dict[str, Any]:
    return {"done": done, "refused": refused, "remaining": remaining}
