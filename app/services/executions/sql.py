"""The words of SQL that all statements on executions share."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from app.domain import execution_state as state
from app.models import Execution

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
DUE = sa.text("executions.status = 'scheduled' AND executions.blocked_on IS NULL")
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
    """An execution of the job is queued or runs, and does not itself wait for the key."""
    other = aliased(Execution, name="other")
    return sa.exists().where(
        other.job_id == key,
        _OTHER_ACTIVE,
        other.status != state.SCHEDULED,
        other.blocked_on.is_(None),
    )
