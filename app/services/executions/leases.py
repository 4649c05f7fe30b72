"""The rights of owners over what they run: prolonged, lost, or called back."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import execution_state as state
from app.models import Execution
from app.services.executions.sql import STARTED


def renew(session: Session, worker: str, held: Sequence[tuple[str, int]], lease: float) -> set[str]:
    """Prolong the leases of what is held, given as (id, epoch); return the ids that still hold."""
    renewed = session.scalars(
        sa.update(Execution)
        .where(
            Execution.id.in_([row_id for row_id, _ in held]),
            sa.tuple_(Execution.id, Execution.epoch).in_(held),
            Execution.worker == worker,
            STARTED,
        )
        .values(lease_until=db_now(lease))
        .returning(Execution.id)
        .execution_options(synchronize_session=False)
    )
    return set(renewed)


def running(session: Session, held: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return which of these claims, given as (id, epoch), hold still."""
    query = sa.select(Execution.id, Execution.epoch).where(
        Execution.id.in_([row_id for row_id, _ in held]), STARTED
    )
    return {(row.id, row.epoch) for row in session.execute(query)} & set(held)


def cancellations(session: Session, ids: Sequence[str]) -> dict[str, bool]:
    """Return which of these executions shall end, each with whether by force."""
    query = sa.select(Execution.id, Execution.cancel_forced).where(
        Execution.id.in_(ids), Execution.status == state.CANCELLING
    )
    return dict(session.execute(query).all())
