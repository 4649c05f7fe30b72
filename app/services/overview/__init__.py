"""All that the first page shows, in one answer; each part reads a bounded number of rows.

Parts that whoever asks may not read are ``None``.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from app.domain.clock import now
from app.services import pauses, queues, workers
from app.services.overview import figures, looks, moments, rows, strip
from app.services.overview.keeping import forget, kept

__all__ = ["failing", "forget", "overview"]
Parts = dict[str, Any]


def overview(session: Session, project_id: str | None, may: Callable[[str], bool]) -> Parts:
    """Return the parts of the first page, of one project or of all."""
    present = now()
    lanes = kept(session, ("queues",), lambda: queues.views(session))
    living = workers.living(session)
    key = ("day", strip.quarter(present), project_id)
    day = kept(session, key, lambda: strip.day(session, project_id))
    found: Parts = {
        "pause": pauses.wire(pauses.system_pause(session)),
        "figures": figures.figures(session, project_id, day, lanes),
        "hours": day.hours,
        "strip": day.wire(),
        "workers": living,
        "queues": lanes,
        **dict.fromkeys(("needs_a_look", "running", "finished", "last_failure_at", "up_next")),
    }
    if may("execution:read"):
        whole = [] if project_id else looks.amiss(lanes, living, present)
        found |= _executions(session, project_id, whole)
    if may("job:read"):
        found["up_next"] = moments.next_of_each(session, project_id, present)
    return found


def failing(session: Session) -> int:
    """Return how many jobs and errors ended badly of late and still stand, as of 5 s ago."""
    return kept(
        session, ("failing",), lambda: len(looks.badly_ended(session, None, now())), at_least=5.0
    )


def _executions(session: Session, project_id: str | None, whole: list[Parts]) -> Parts:
    present = now()
    ended = kept(
        session, ("ended", project_id), lambda: looks.badly_ended(session, project_id, present)
    )
    return {
        "needs_a_look": looks.wire(whole, ended, present),
        "running": rows.running(session, project_id),
        "finished": rows.finished(session, project_id),
        "last_failure_at": rows.last_failure_at(session, project_id),
    }
