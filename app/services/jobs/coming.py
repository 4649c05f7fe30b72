"""Jobs: the moments at which they are due next."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.models import Execution, Job
from app.services.executions.sql import ACTIVE
from app.services.schedules import planning

MOST = 100


def moments(
    session: Session, job: Job, count: int, after: datetime | None = None
) -> list[dict[str, Any]]:
    """Return the next ``count`` moments of a job in UTC and in its zone; none while it rests.

    Those in a blackout are left out. Of a fixed delay only the next is known.
    """
    zone = ZoneInfo(job.timezone)
    found = []
    for moment in _coming(session, job, after or now()):
        found.append({"utc": moment, "local": moment.astimezone(zone).isoformat()})
        if len(found) == count:
            break
    return found


def _coming(session: Session, job: Job, after: datetime) -> Iterator[datetime]:
    planned = sa.select(Execution.due_at).where(
        Execution.job_id == job.id, ACTIVE, Execution.started_at.is_(None), Execution.attempt == 1
    )
    known = sorted(moment for moment in session.scalars(planned) if moment > after)
    yield from known
    schedule, moment = planning.schedule_of(job), job.next_due_at
    if moment is not None and moment <= after:
        moment = schedule.next_after(after, job.anchor_at)
    while moment is not None:
        blackout = schedule.blackout_at(moment)
        if blackout is None:
            yield moment
        if schedule.type == "fixed_delay":
            return
        moment = schedule.next_after(moment, job.anchor_at)
