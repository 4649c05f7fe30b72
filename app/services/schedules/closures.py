"""Times in which the whole installation was paused: what was due in them has passed."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now
from app.models import Job, Pause
from app.services import executions
from app.services.executions.sql import SYSTEM_PAUSED
from app.services.schedules.planning import TICK

#: So much is told of earlier pauses.
MOST_PAST, LONGEST_PAST = 50, timedelta(days=400)

_jobs: Any = Job.__table__
_PLAN_AGAIN = (
    sa.update(_jobs)
    .where(_jobs.c.id == sa.bindparam("of_id"))
    .values(
        next_due_at=sa.bindparam("first"),
        scheduled_at=sa.bindparam("first"),
        fired_until=sa.bindparam("before"),
        fires=_jobs.c.fires - sa.bindparam("planned"),
        is_armed=True,
    )
)


def past(session: Session) -> list[tuple[datetime, datetime]]:
    """Return from when to when the installation was paused before, the earliest first.

    The last 50 pauses of the last 400 days; the one that holds at this moment is not among them.
    """
    ended = sa.func.coalesce(Pause.ended_at, Pause.until, type_=Pause.until.type)
    rows = session.execute(
        sa.select(Pause.began_at, ended)
        .where(Pause.began_at > now() - LONGEST_PAST, sa.not_(SYSTEM_PAUSED))
        .order_by(Pause.began_at.desc())
        .limit(MOST_PAST)
    )
    return [(began, end) for began, end in reversed(rows.all())]


def plan_again(session: Session, since: datetime) -> None:
    """Have the moments fired anew that had rows when a pause began, and are due since then.

    Those in the pause share one row then with those that came after them.
    """
    taken = executions.take_back(session, since)
    if taken:
        values = [
            {"of_id": job_id, "first": first, "before": first - TICK, "planned": planned}
            for job_id, (first, planned) in sorted(taken.items())
        ]
        session.connection().execute(_PLAN_AGAIN, values)
