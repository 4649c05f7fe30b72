"""What ended badly of late and has not gone well since, by job and by what went wrong."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.domain import execution_state as state
from app.models import Execution, Job

MOST_TROUBLES = 50
#: So many groups are looked at, the newest; of those that went well since, none is told.
_MOST_GROUPS = 500
_MISSED = "missed"
_Next = aliased(Execution)
Conditions = tuple[Any, ...]


def troubles(
    session: Session, since: datetime, project_id: str | None = None
) -> list[dict[str, Any]]:
    """Return what failed, ran out of time or was missed since then, the newest first.

    Dead letters have a list of their own, and are not told here. What was replayed or
    tried again is left out.
    """
    mine = () if project_id is None else (Execution.project_id == project_id,)
    groups = [*_failed(session, since, mine), *_missed(session, since, mine)]
    healed = _well_since(session, {group.job_id for group in groups}, since)
    standing = [group for group in groups if group.last_id > healed.get(group.job_id, "")]
    standing.sort(key=lambda group: str(group.last_id), reverse=True)
    return _wire(session, standing[:MOST_TROUBLES])


def _failed(session: Session, since: datetime, mine: Conditions) -> Iterable[Any]:
    where = (
        Execution.status.in_((state.FAILED, state.TIMEOUT)),
        Execution.started_at >= since,
        Execution.replayed_by.is_(None),
        ~sa.exists().where(_Next.parent_execution_id == Execution.id),
        *mine,
    )
    return _grouped(session, where, sa.func.count())


def _missed(session: Session, since: datetime, mine: Conditions) -> Iterable[Any]:
    # Rows that never started stand side by side in the index of statuses, in the order of ids.
    where = (
        Execution.status == state.SKIPPED,
        Execution.started_at.is_(None),
        Execution.id >= f"{int(since.timestamp() * 1000) << 80:032x}",
        Execution.reason.startswith(_MISSED),
        *mine,
    )
    return _grouped(session, where, sa.func.sum(sa.func.coalesce(Execution.moments, 1)))


def _grouped(session: Session, where: tuple[Any, ...], number: Any) -> Iterable[Any]:
    newest = sa.func.max(Execution.id)
    columns = (Execution.job_id, Execution.status, Execution.error_code)
    ends = (sa.func.min(Execution.due_at).label("first_at"), newest.label("last_id"))
    query = sa.select(*columns, number.label("number"), *ends).where(*where).group_by(*columns)
    return session.execute(query.order_by(newest.desc()).limit(_MOST_GROUPS)).all()


def _well_since(session: Session, job_ids: set[str], since: datetime) -> dict[str, str]:
    """Return the newest execution of each of these jobs that completed since then."""
    query = (
        sa.select(Execution.job_id, sa.func.max(Execution.id))
        .where(
            Execution.job_id.in_(job_ids),
            Execution.started_at >= since,
            Execution.status == state.COMPLETED,
        )
        .group_by(Execution.job_id)
    )
    return dict(session.execute(query).all())


def _wire(session: Session, groups: list[Any]) -> list[dict[str, Any]]:
    names = ("id", "number", "error", "reason", "due_at", "started_at")
    columns = (*(getattr(Execution, name) for name in names), Job.name, Job.type)
    newest = (group.last_id for group in groups)
    query = sa.select(*columns).join(Job).where(Execution.id.in_(newest))
    found = {row.id: row for row in session.execute(query)}
    return [
        {
            "status": group.status,
            "error_code": group.error_code,
            "count": int(group.number),
            "first_at": group.first_at,
            "job_id": group.job_id,
            **_example(found[group.last_id]),
        }
        for group in groups
        if group.last_id in found
    ]


def _example(row: Any) -> dict[str, Any]:
    return {
        "job_name": row.name,
        "type": row.type,
        "execution_id": row.id,
        "number": row.number,
        "error": row.error,
        "reason": row.reason,
        "last_at": row.started_at or row.due_at,
    }
