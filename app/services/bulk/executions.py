"""What can be done to many executions."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Execution, Job
from app.services import execution_lists, executions
from app.services.bulk.acts import Act, Things
from app.services.execution_lists import ExecutionFilters
from app.services.keyset import Order
from app.services.listing import Listing, Wanted

#: Ids begin with the moment of birth; starts and ends change while they are gone through.
_LISTING = Listing(Execution.id, {"id": Order(Execution.id)}, "id", "asc")
#: Without the mapper: who sees an execution sees the name of its job.
_jobs: Any = Job.__table__


def within(filters: ExecutionFilters, bound: datetime) -> ExecutionFilters:
    """Return the filters for what was made by then."""
    return replace(filters, created_to=min(filters.created_to or bound, bound))


def _ids(
    session: Session, filters: ExecutionFilters, wanted: Wanted
) -> tuple[list[str], str | None]:
    wanted = replace(wanted, filters=asdict(filters))
    scope, _ = execution_lists.read_scope(session, filters, "id")
    return _LISTING.ids(session, scope, wanted)


def _told(session: Session, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    query = (
        sa.select(Execution.id, Execution.number, Execution.status, _jobs.c.name)
        .join(_jobs, _jobs.c.id == Execution.job_id)
        .where(Execution.id.in_(ids))
    )
    return {
        row.id: {"id": row.id, "name": f"{row.name} #{row.number}", "status": row.status}
        for row in session.execute(query)
    }


EXECUTIONS = Things("execution", Execution, _ids, execution_lists.conditions, _told)


def cancel(*, force: bool) -> Act:
    """Return the act of cancelling an execution."""

    def do(session: Session, execution_id: str) -> None:
        row = execution_lists.get(session, execution_id, lock=True)
        executions.cancel(session, row, force=force)

    return Act(EXECUTIONS, "executions.cancel_execution", do)


def replay(actor: str) -> Act:
    """Return the act of running again what has ended badly."""

    def do(session: Session, execution_id: str) -> None:
        executions.replay(session, execution_id, actor)

    return Act(EXECUTIONS, "executions.replay_execution", do)
