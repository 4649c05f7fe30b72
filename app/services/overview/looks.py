"""What needs a look: what ended badly and still stands, and what waits in vain."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app.services import dead_letters, timeline
from app.services.dead_letters import DeadLetterFilters
from app.services.listing import Wanted

Row = dict[str, Any]
MOST: Final = 20
_MOST_DEAD: Final = 10
#: New is what has not been there before within the day.
_NEW: Final = timedelta(hours=1)
_DAY: Final = timedelta(hours=24)
#: A queue whose oldest execution waits longer is late.
_LATE_SECONDS: Final = 300
#: So long a worker may take before it takes messages.
_FRESH: Final = timedelta(minutes=1)
_FIELDS: Final = (
    *("kind", "job_id", "job_name", "type", "execution_id", "number", "error", "error_code"),
    *("reason", "count", "first_at", "last_at", "fingerprint", "queue", "worker"),
)


def badly_ended(session: Session, project_id: str | None, present: datetime) -> list[Row]:
    """Return what ended badly and still stands, by job and error, the newest first."""
    since = present - _DAY
    ended = [_trouble(row) for row in timeline.troubles(session, since, project_id)]
    dead = [_dead(row) for row in _dead_groups(session, project_id)]
    return sorted(ended + dead, key=lambda row: row["last_at"], reverse=True)


def amiss(lanes: Sequence[Row], living: Sequence[Row], present: datetime) -> list[Row]:
    """Return what is amiss with queues and workers."""
    return [*_queues(lanes), *_workers(living, present)]


def wire(whole: list[Row], ended: list[Row], present: datetime) -> Row:
    """Return what needs a look: what concerns all first."""
    groups = [row for row in ended if row["kind"] != "missed"]
    return {
        "items": [{name: row.get(name) for name in _FIELDS} for row in (whole + ended)[:MOST]],
        "total": len(whole) + len(ended),
        "error_groups": len(groups),
        "new_error_groups": sum(row["first_at"] >= present - _NEW for row in groups),
    }


def _trouble(row: Row) -> Row:
    return row | {"kind": "missed" if row["status"] == "skipped" else row["status"]}


def _dead_groups(session: Session, project_id: str | None) -> list[Any]:
    filters = DeadLetterFilters(project_id=project_id)
    return list(dead_letters.groups(session, filters, Wanted(limit=_MOST_DEAD)).rows)


def _dead(row: Row) -> Row:
    return row | {"kind": "dead_letter"}


def _queues(lanes: Sequence[Row]) -> Iterator[Row]:
    """Find the queues in which something waits that nobody serves, or for too long."""
    for lane in lanes:
        if not lane["depth"] or lane["paused"]:
            continue
        waits = {"queue": lane["name"], "count": lane["depth"]}
        if not lane["workers"]:
            yield {"kind": "unserved", **waits}
        elif (lane["oldest_seconds"] or 0) > _LATE_SECONDS:
            yield {"kind": "late", **waits}


def _workers(living: Sequence[Row], present: datetime) -> Iterator[Row]:
    """Find the workers that live and take no messages, though nobody told them to rest."""
    for worker in living:
        is_new = worker["started_at"] > present - _FRESH
        if not (worker["consuming"] or worker["drained"] or is_new):
            yield {"kind": "idle_worker", "worker": worker["id"]}
