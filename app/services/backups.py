"""What a backup says of its data, and what must happen to data that were put back."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.clock import to_wire
from app.models import Lease, SystemConfig, Worker
from app.services import chain_runs, executions, installation, totals
from app.services.chain_runs import firing
from app.services.notifications import sending
from app.services.schedules import planning
from app.services.webhooks import deliveries

#: A row of system_config with this key: the data are back, but the rest is not done yet.
MARK = "restore"


@dataclass(frozen=True, slots=True)
class Contents:
    """Whose data they are, and how much."""

    installation: str
    jobs: int
    executions: int
    finished: int


def contents(session: Session) -> Contents:
    """Return what a session sees."""
    return Contents(
        installation=installation.installation_id(session),
        jobs=totals.of(session, "jobs"),
        executions=totals.of(session, "executions"),
        finished=totals.of(session, "executions", statuses=state.FINAL),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a restore made of the executions, and what there is now."""

    jobs: int
    executions: int
    finished: int
    scheduled: int
    missed: int
    lost: int


def finish_restore(session: Session, taken_at: datetime) -> Outcome:
    """Make the data of ``taken_at`` fit to be worked on now. To be done once."""
    moment = to_wire(taken_at)
    lost = executions.lose_started(session, f"restored from a backup of {moment}")
    missed = executions.skip_missed(session, f"missed: restored from a backup of {moment}")
    planning.skip_missed(session, f"missed: restored from a backup of {moment}")
    executions.renew_fences(session)
    # They may have been delivered since; whoever knows better replays them.
    deliveries.fail_pending(session, f"not sent: restored from a backup of {moment}")
    sending.fail_pending(session, f"not sent: restored from a backup of {moment}")
    chain_runs.end_all(session, f"restored from a backup of {moment}")
    firing.skip_missed(session, f"missed: restored from a backup of {moment}")
    for table in (Worker, Lease):
        session.execute(sa.delete(table))
    session.execute(sa.delete(SystemConfig).where(SystemConfig.key == MARK))
    session.flush()
    return Outcome(
        jobs=totals.of(session, "jobs"),
        executions=totals.of(session, "executions"),
        finished=totals.of(session, "executions", statuses=state.FINAL) - missed - lost,
        scheduled=totals.of(session, "executions", statuses=(state.SCHEDULED,)),
        missed=missed,
        lost=lost,
    )


def is_unfinished(session: Session) -> bool:
    """Return whether a restore into this database was cut off before :func:`finish_restore`."""
    return session.get(SystemConfig, MARK) is not None
