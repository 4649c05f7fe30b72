"""Starting chains: by hand, by a schedule, by whatever else there is."""

from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import chains
from app.domain.clock import now
from app.domain.errors import Conflict, invalid
from app.domain.ids import new_id
from app.models import Chain, ChainLink, ChainRun, Job
from app.services import executions
from app.services.access import sight
from app.services.chain_runs import advance, turns, views


@sight.unlimited()
def start(
    session: Session, chain: Chain, origin: str, actor: str | None, due_at: datetime | None = None
) -> dict[str, Any]:
    """Start a pass through a chain; return the run as it goes on the wire.

    With the origin ``schedule`` a chain has one run for each ``due_at``: asked for it again, it
    returns the one there is. Raises :class:`Invalid` for a chain whose jobs were all deleted.
    """
    links = _snapshot(session, chain)
    if not links:
        raise invalid("links", "Chain must have at least one job")
    number = _next_number(session, chain)
    turns.of_chains(session, [chain.id])
    if origin == "schedule" and (known := _of_moment(session, chain, due_at)) is not None:
        return views.summary(session, known)
    run = ChainRun(
        id=new_id(),
        chain_id=chain.id,
        number=number,
        status=chains.RUNNING,
        origin=origin,
        actor=actor,
        due_at=due_at,
        links=orjson.dumps(links).decode(),
        current_index=1,
        generation=1,
        started_at=now(),
        advanced_at=now(),
    )
    chain.last_number = number
    session.add(run)
    session.flush()
    advance.go_on(session, run, links)
    return views.summary(session, run)


def execute(session: Session, chain: Chain, actor: str) -> dict[str, Any]:
    """Start a chain by hand. Raises :class:`Conflict` if its first job could not start now."""
    _refuse_unready(session, chain)
    return start(session, chain, "manual", actor)


def _snapshot(session: Session, chain: Chain) -> list[dict[str, Any]]:
    query = (
        sa.select(ChainLink, Job)
        .join(Job, Job.id == ChainLink.job_id)
        .where(ChainLink.chain_id == chain.id)
        .order_by(ChainLink.sequence_order)
    )
    return [
        {
            "index": index,
            "job_id": job.id,
            "job_name": job.name,
            "queue": chain.queue or job.queue,
            "priority": chain.priority or job.priority,
            "stop_on_failure": link.stop_on_failure,
            "run_if": link.run_if,
            "status": None,
            "outcome": None,
            "reason": None,
        }
        for index, (link, job) in enumerate(session.execute(query), 1)
    ]


def _next_number(session: Session, chain: Chain) -> int:
    """Return the number of the next run. Who starts the same chain meanwhile waits here."""
    session.flush()
    # Not against those who only refer to the chain: whoever writes a run of it twice does.
    session.refresh(chain, with_for_update={"key_share": True})
    return chain.last_number + 1


def _of_moment(session: Session, chain: Chain, due_at: datetime | None) -> ChainRun | None:
    query = sa.select(ChainRun).where(
        ChainRun.chain_id == chain.id, ChainRun.due_at == due_at, ChainRun.origin == "schedule"
    )
    return session.scalar(query)


def _refuse_unready(session: Session, chain: Chain) -> None:
    query = (
        sa.select(Job)
        .join(ChainLink, ChainLink.job_id == Job.id)
        .where(ChainLink.chain_id == chain.id)
        .order_by(ChainLink.sequence_order)
    )
    with sight.unlimited():
        jobs = session.scalars(query).unique().all()
    disabled = next((job for job in jobs if not job.enabled), None)
    if disabled is not None:
        name = _shown_name(session, disabled)
        raise Conflict(f"the job {name} of this chain is disabled; enable it first")
    if jobs and jobs[0].overlap == "skip" and executions.in_progress(session, jobs[0].id):
        name = _shown_name(session, jobs[0])
        raise Conflict(f"the first job of this chain, {name}, is in progress already")


def _shown_name(session: Session, job: Job) -> str:
    """Return the name of a link's job for a message; of a hidden job only its id."""
    return repr(session.scalar(sa.select(Job.name).where(Job.id == job.id)) or job.id)
