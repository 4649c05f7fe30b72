"""A stretch of time in buckets: how what started ended, and how much is planned."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Invalid, invalid
from app.services.listing import check_range
from app.services.timeline.past import MOST_BUCKETS, Buckets, counts
from app.services.timeline.planned import Plan, Within, plan

_FIELD = {state.COMPLETED: "completed", state.CANCELLED: "cancelled"}


def strip(
    session: Session, first: datetime, last: datetime, seconds: int, project_id: str | None = None
) -> dict[str, Any]:
    """Return the buckets from ``first`` to ``last``. Raises :class:`Invalid`."""
    buckets = _buckets(first, last, seconds)
    rows, planned = filled(session, buckets, project_id)
    return {"buckets": rows, "bucket_seconds": seconds, "planned_until": planned.until}


def filled(
    session: Session, buckets: Buckets, project_id: str | None = None
) -> tuple[list[dict[str, Any]], Plan]:
    """Return what is in each bucket, and the moments that are planned in them."""
    rows: list[dict[str, Any]] = [
        {"at": buckets.start(index), "completed": 0, "failed": 0, "cancelled": 0, "planned": 0}
        for index in range(len(buckets))
    ]
    for status, index, number in counts(session, buckets, project_id):
        rows[index][_FIELD.get(status, "failed")] += number
    begin, end = max(now(), buckets.first), buckets.last - timedelta(milliseconds=1)
    planned = plan(session, begin, end, within=Within(project_id, is_bare=True))
    for moment in planned.moments:
        rows[buckets.index(moment["at"])]["planned"] += 1
    return rows, planned


def _buckets(first: datetime, last: datetime, seconds: int) -> Buckets:
    check_range(first, last, ("from", "to"))
    whole = first.astimezone(UTC).replace(microsecond=0)
    found = Buckets(whole, last.astimezone(UTC), seconds)
    if len(found) > MOST_BUCKETS:
        raise _too_many(len(found), seconds)
    return found


def _too_many(number: int, seconds: int) -> Invalid:
    text = f"makes {number} buckets of this time, at most {MOST_BUCKETS} are allowed"
    return invalid("bucket_seconds", text, str(seconds))
