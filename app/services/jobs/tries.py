"""Trying a spec once before a job is made of it.

What is tried is a job like any other that runs once, at once: seen, limited and counted as one,
and found in the lists while it is there. It is marked, writes to nobody, and is forgotten soon.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.names import LONGEST
from app.models import Execution, Job
from app.services import audit
from app.services.executions.sql import ACTIVE
from app.services.jobs import creation
from app.services.jobs.drafts import Draft
from app.settings import Settings

#: In place of the list of definitions that a job comes from; lists can't be named so.
SOURCE = ":try"
#: So long one can look at what came of it.
KEPT = timedelta(hours=24)
_PREFIX = "Try: "
_BATCH = 100


def start(session: Session, draft: Draft, actor: str, settings: Settings) -> dict[str, Any]:
    """Run a spec once; return the ids of its job and its execution. Raises :class:`Invalid`."""
    given = draft.values.get("name") or draft.values.get("type") or ""
    values: Mapping[str, Any] = {
        **draft.values,
        "name": (_PREFIX + str(given))[:LONGEST],
        "immediate": True,
    }
    made = creation.create(session, Draft(values, draft.faults), actor, settings)
    session.execute(sa.update(Job).where(Job.id == made["id"]).values(source=SOURCE))
    query = sa.select(Execution).where(Execution.job_id == made["id"])
    row = session.scalars(query).one()
    audit.tell(execution_id=row.id)
    return {"job_id": made["id"], "execution_id": row.id, "status": row.status}


def forget(session: Session) -> int:
    """Delete some of those that were tried long enough ago; return how many."""
    is_active = sa.select(Execution.id).where(Execution.job_id == Job.id, ACTIVE).exists()
    present = session.scalars(sa.select(db_now())).one()
    old = sa.select(Job.id).where(Job.source == SOURCE, Job.created_at < present - KEPT, ~is_active)
    gone = session.execute(
        sa.delete(Job)
        .where(Job.id.in_(old.limit(_BATCH).scalar_subquery()))
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
