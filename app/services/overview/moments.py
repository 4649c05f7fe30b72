"""What comes next."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from app.services import timeline

MOST: Final = 6
DAYS: Final = 7
#: So many jobs are looked at for the next moments, those that are due first.
_LOOKED_AT: Final = 60


def next_of_each(session: Session, project_id: str | None, present: datetime) -> list[Any]:
    """Return the next moments within a week, one of each job."""
    last = present + timedelta(days=DAYS)
    found = timeline.plan(
        session, present, last, MOST, only_next=True, within=timeline.Within(project_id, _LOOKED_AT)
    )
    return found.moments
