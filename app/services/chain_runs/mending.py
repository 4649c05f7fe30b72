"""Chain runs that nobody goes on with: their messages or their executions got lost."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import chains
from app.domain import execution_state as state
from app.gateways import broker
from app.models import ChainRun, Execution
from app.services import executions, tallies
from app.services.chain_runs import advance, turns
from app.services.executions.sql import ACTIVE, LINK_WAITS
from app.services.wakeups import publish_tail_after_commit

#: Nobody is expected to take longer over it.
QUIET_SECONDS = 5.0
#: In a queue that never runs empty a message may have got lost as well.
LONG_SECONDS = 60.0
_BATCH = 200
_UNDER_WAY = sa.text("chain_runs.status IN ('running', 'cancelling')")
_last_told = sa.func.coalesce(Execution.handed_at, Execution.queued_at)


def repair(session: Session) -> int:
    """Publish the tails of runs whose message got lost, and go on with those that stand still.

    Returns how many there were.
    """
    count = _publish_lost(session) + _go_on(session)
    if count:
        tallies.add(session, "events", "repairs", count)
    return count


def _publish_lost(session: Session) -> int:
    rows = session.scalars(
        sa.select(Execution)
        .where(LINK_WAITS, Execution.queued_at < db_now(-QUIET_SECONDS))
        .order_by(Execution.queued_at)
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    empty = {queue: not broker.depth(queue) for queue in {row.queue for row in rows}}
    overdue = _overdue(session, [row.id for row in rows if not empty[row.queue]])
    lost = [row for row in rows if empty[row.queue] or row.id in overdue]
    for row in lost:
        _publish(session, row)
    return len(lost)


def _overdue(session: Session, ids: list[str]) -> set[str]:
    query = sa.select(Execution.id).where(Execution.id.in_(ids), _last_told < db_now(-LONG_SECONDS))
    return set(session.scalars(query)) if ids else set()


def _publish(session: Session, row: Execution) -> None:
    run = session.get(ChainRun, row.chain_run_id)
    if run is None:  # deleted with its project, while its job belongs to another
        executions.cancel(session, row)
        row.error = "Its chain run was deleted"
        return
    session.execute(
        sa.update(Execution)
        .where(Execution.id == row.id)
        .values(handed_at=db_now())
        .execution_options(synchronize_session=False)
    )
    publish_tail_after_commit(session, run.id)


def _go_on(session: Session) -> int:
    has_link = sa.exists().where(
        Execution.chain_run_id == ChainRun.id, Execution.chain_run_id.is_not(None), ACTIVE
    )
    stands = (_UNDER_WAY, ChainRun.advanced_at < db_now(-QUIET_SECONDS), ~has_link)
    first = sa.select(ChainRun.id).where(*stands).order_by(ChainRun.advanced_at).limit(_BATCH)
    ids = session.scalars(first).all()
    if not ids:
        return 0
    turns.of_runs(session, ids)
    query = sa.select(ChainRun).where(ChainRun.id.in_(ids), *stands)
    runs = session.scalars(query.with_for_update(skip_locked=True)).all()
    for run in runs:
        _mend(session, run)
    return len(runs)


def _mend(session: Session, run: ChainRun) -> None:
    """Go on from what the link's last execution says; if there is none, begin it again."""
    last = session.scalar(
        sa.select(Execution)
        .where(
            Execution.chain_run_id == run.id,
            Execution.chain_run_id.is_not(None),
            Execution.link_index == run.current_index,
        )
        .order_by(Execution.id.desc())
        .limit(1)
    )
    if last is not None and last.status in state.FINAL:
        advance.link_ended(session, run, run.current_index, last.status, last.reason or last.error)
    elif run.status in chains.UNDER_WAY:
        advance.go_on(session, run, advance.links_of(run))
