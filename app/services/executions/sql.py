"""The words of SQL that all statements on executions share."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.db import db_now
from app.domain import execution_state as state
from app.models import Execution, Job, Pause, Queue, Worker

# Plain tables: a claim that named the classes would pass through the mapper, a fifth slower.
_executions: Any = Execution.__table__
_pauses: Any = Pause.__table__
_queues: Any = Queue.__table__
_jobs: Any = Job.__table__
_workers: Any = Worker.__table__

#: Spelt as in the partial indexes: the databases use those only for the same words.
ACTIVE = sa.text("executions.status IN ('scheduled', 'queued', 'running', 'cancelling')")
STARTED = sa.text("executions.status IN ('running', 'cancelling')")
CLAIMABLE = sa.text(
    "executions.status = 'queued' AND executions.blocked_on IS NULL"
    " AND executions.chain_run_id IS NULL"
)
#: Links of chains are claimed by their own messages, never by who works off a queue.
LINK_WAITS = sa.text(
    "executions.status = 'queued' AND executions.blocked_on IS NULL"
    " AND executions.chain_run_id IS NOT NULL"
)
#: Takes one of the places of its concurrency key.
KEY_USED = sa.text(
    "executions.concurrency_key IS NOT NULL AND executions.blocked_on IS NULL"
    " AND executions.status IN ('queued', 'running', 'cancelling')"
)
#: A row whose key made it wait comes behind those that were there before it was let go.
TURN = sa.func.coalesce(_executions.c.turn_at, _executions.c.run_at)
DUE = sa.text("executions.status = 'scheduled' AND executions.blocked_on IS NULL")
#: Dead letters (only they have a fingerprint) that nobody has replayed or put aside.
DEAD = sa.text(
    "executions.fingerprint IS NOT NULL AND executions.discarded_at IS NULL"
    " AND executions.replayed_by IS NULL"
)
#: Spelt as in the index that has each moment of a schedule but once.
FROM_SCHEDULE = sa.text("executions.origin = 'schedule'")
#: The installation is paused at this moment.
SYSTEM_PAUSED = sa.and_(
    _pauses.c.ended_at.is_(None),
    sa.or_(_pauses.c.until.is_(None), _pauses.c.until > db_now()),
)
#: Neither the installation nor the row's queue is paused, or a person wants the row in spite of it.
#: The databases look at the few rows of these tables once a statement, not once a row.
MAY_BEGIN = sa.or_(
    _executions.c.origin == sa.literal_column("'manual'"),
    sa.and_(
        ~sa.exists(sa.select(_pauses.c.id).where(SYSTEM_PAUSED)),
        _executions.c.queue.not_in(
            sa.select(_queues.c.name).where(_queues.c.paused_at.is_not(None))
        ),
    ),
)
_open_pauses = sa.select(_pauses.c.began_at).where(_pauses.c.ended_at.is_(None))
#: No moment of a schedule that came within a pause of the installation: those pass with it.
#: What runs once is late, however long the pause is.
NO_MOMENT_OF_A_PAUSE = sa.or_(
    _executions.c.origin != sa.literal_column("'schedule'"),
    _executions.c.attempt > 1,
    ~sa.exists(_open_pauses),
    _executions.c.due_at
    < sa.select(sa.func.min(_pauses.c.began_at))
    .where(_pauses.c.ended_at.is_(None))
    .scalar_subquery(),
    ~sa.exists(
        sa.select(_jobs.c.id).where(
            _jobs.c.id == _executions.c.job_id, _jobs.c.schedule.is_not(None)
        )
    ),
)
#: The worker that claims is not drained.
OWNER_TAKES_WORK = ~sa.exists(
    sa.select(_workers.c.id).where(
        _workers.c.id == sa.bindparam("owner", type_=sa.Text()), _workers.c.drained_at.is_not(None)
    )
)
_OTHER_ACTIVE = sa.text("other.status IN ('scheduled', 'queued', 'running', 'cancelling')")
_OTHER_STARTED = sa.text("other.status IN ('running', 'cancelling')")


def another_in_progress() -> sa.Exists:
    """Another execution of the row's job is in progress, or waits as a retry."""
    other = aliased(Execution, name="other")
    return sa.exists().where(
        other.job_id == Execution.job_id,
        other.id != Execution.id,
        _OTHER_ACTIVE,
        sa.or_(other.status != state.SCHEDULED, other.attempt > 1),
    )


def another_holds_the_key() -> sa.Exists:
    """Another execution runs under the row's exclusive key."""
    other = aliased(Execution, name="other")
    return sa.exists().where(other.exclusive_key == Execution.exclusive_key, _OTHER_STARTED)


def key_is_in_use(key: sa.BindParameter[str]) -> sa.Exists:
    """An execution of the job is queued or runs or waits as a retry, but not for the key."""
    other = aliased(Execution, name="other")
    return sa.exists().where(
        other.job_id == key,
        _OTHER_ACTIVE,
        sa.or_(other.status != state.SCHEDULED, other.attempt > 1),
        # What waits for a concurrency key has its turn; what a pause holds has none.
        sa.or_(other.blocked_on.is_(None), other.blocked_on.startswith("key:")),
    )
