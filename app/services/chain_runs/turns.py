"""In which order those lock who are at chains, so that none waits for one who waits for it.

A chain; the turns with all jobs of a run; executions; jobs; the run. Turns come first because a
link that is skipped brings the next one, and that the one after it: which jobs a unit of work
gets to is not known before.
"""

from collections.abc import Iterable

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import ChainLink, ChainRun, Execution, Job
from app.services import executions
from app.services.executions.sql import ACTIVE


def of_chains(session: Session, chain_ids: Iterable[str]) -> None:
    """Wait for the turn with all jobs of some chains."""
    query = sa.select(ChainLink.job_id).where(ChainLink.chain_id.in_(list(chain_ids)))
    executions.take_turn_with(session, session.scalars(query))


def of_runs(session: Session, run_ids: Iterable[str]) -> None:
    """Wait for the turn with all jobs of some runs."""
    query = sa.select(ChainRun.links).where(ChainRun.id.in_(list(run_ids)))
    links = [link for text in session.scalars(query) for link in orjson.loads(text)]
    executions.take_turn_with(session, [link["job_id"] for link in links])


def lock_rivals(session: Session, job_ids: Iterable[str]) -> None:
    """Lock the executions that another start of these jobs would cancel."""
    cancelling = Job.id.in_(list(job_ids)), Job.overlap == "cancel_running"
    session.execute(
        sa.select(Execution.id)
        .where(Execution.job_id.in_(sa.select(Job.id).where(*cancelling)), ACTIVE)
        .order_by(Execution.job_id, Execution.number)
        .with_for_update()
    )
