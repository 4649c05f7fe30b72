"""Going on with a chain run: what became of a link is noted, and the next one begins.

Whoever ends a link's execution comes through here in the same transaction. The run's row is
locked first, and the link must be the one whose turn it is: so the next link is begun once.
"""

from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import chains, clock
from app.domain import execution_state as state
from app.domain.chains import Past
from app.domain.events import ChainEnded, Event, ExecutionEnded, ExecutionSkipped
from app.events import emit
from app.models import Chain, ChainRun, Execution, Job
from app.services import executions
from app.services.access import sight
from app.services.chain_runs import turns
from app.services.executions import LinkStart

_CANCELLED = "the chain run was cancelled"


def follow_execution(session: Session, event: Event) -> None:
    """Go on with the chain run whose link has ended for good; others are no matter of ours."""
    if isinstance(event, ExecutionEnded) and event.chain_run_id and not event.will_retry:
        _follow(session, event.chain_run_id, event.execution_id)


def follow_skipped(session: Session, event: Event) -> None:
    """Go on with the chain run whose link was skipped."""
    if isinstance(event, ExecutionSkipped) and event.chain_run_id:
        _follow(session, event.chain_run_id, event.execution_id)


@sight.unlimited()
def _follow(session: Session, run_id: str, execution_id: str) -> None:
    session.flush()
    row = session.get(Execution, execution_id, populate_existing=True)
    run = locked(session, run_id)
    if row is not None and run is not None and row.link_index is not None:
        link_ended(session, run, row.link_index, row.status, row.reason or row.error)


def locked(session: Session, run_id: str) -> ChainRun | None:
    """Return a chain run, locked: executions and jobs are locked before it, never after."""
    return session.get(ChainRun, run_id, with_for_update=True, populate_existing=True)


def links_of(run: ChainRun) -> list[dict[str, Any]]:
    """Return the links of a run with what became of each so far."""
    links: list[dict[str, Any]] = orjson.loads(run.links)
    return links


def past_of(links: list[dict[str, Any]]) -> list[Past]:
    """Return links that are over as the rules see them."""
    return [Past(link["outcome"], link["stop_on_failure"]) for link in links]


def link_ended(
    session: Session, run: ChainRun, index: int, status: str, reason: str | None
) -> None:
    """Note how the link of a locked run ended, unless that is known, and begin the next."""
    if run.status not in chains.UNDER_WAY or run.current_index != index:
        return
    links = links_of(run)
    outcome = chains.SUCCESS if status == state.COMPLETED else chains.FAILURE
    _note(links[index - 1], status, outcome, reason)
    run.current_index += 1
    go_on(session, run, links)


@sight.unlimited()
def go_on(session: Session, run: ChainRun, links: list[dict[str, Any]]) -> None:
    """Begin the link whose turn it is, or the next one that runs; end the run if none is left."""
    while run.current_index <= len(links) and run.status == chains.RUNNING:
        link = links[run.current_index - 1]
        why_not = chains.why_not(link["run_if"], past_of(links[: run.current_index - 1]))
        if why_not is None:
            failure = _begin(session, run, link)
            if failure is None:
                break
            _note(link, state.SKIPPED, chains.FAILURE, failure)
        else:
            _note(link, state.SKIPPED, None, why_not)
        run.current_index += 1
    else:
        _end(session, run, links)
    run.links, run.advanced_at = orjson.dumps(links).decode(), clock.now()
    session.flush()


def _note(link: dict[str, Any], status: str, outcome: str | None, reason: str | None) -> None:
    link |= {"status": status, "outcome": outcome, "reason": reason}


def _begin(session: Session, run: ChainRun, link: dict[str, Any]) -> str | None:
    """Add the execution of a link; return why there is nothing to wait for, if so."""
    turns.lock_rivals(session, [link["job_id"]])
    job = session.get(Job, link["job_id"], with_for_update=True, populate_existing=True)
    if job is None:
        return "its job was deleted"
    if not job.enabled:
        return executions.JOB_DISABLED
    start = LinkStart(run.id, link["index"], link["queue"], link["priority"], run.actor)
    return executions.start_link(session, job, start)


def _end(session: Session, run: ChainRun, links: list[dict[str, Any]]) -> None:
    if run.status == chains.CANCELLING:
        for link in links[run.current_index - 1 :]:
            _note(link, state.SKIPPED, None, _CANCELLED)
        status, run.error = chains.CANCELLED, _CANCELLED
    else:
        past = past_of(links)
        status, stopping = chains.final_status(past), chains.stopped_by(past)
        run.error = None if stopping is None else _why(links[stopping - 1])
    close(session, run, status)


def _why(link: dict[str, Any]) -> str:
    reason = f": {link['reason']}" if link["reason"] else ""
    return f"link {link['index']} ended {link['status']}{reason}"


def close(session: Session, run: ChainRun, status: str) -> None:
    """Write that a run has ended, and tell."""
    run.status, run.completed_at = status, clock.now()
    run.duration_ms = round((run.completed_at - run.started_at).total_seconds() * 1000)
    project_id = session.scalars(sa.select(Chain.project_id).where(Chain.id == run.chain_id)).one()
    emit(session, ChainEnded(run.id, run.chain_id, status, project_id))


def end_all(session: Session, reason: str) -> int:
    """Fail all runs that are under way, without an event; return how many.

    For a database that was put back: nobody knows how far they came.
    """
    query = sa.update(ChainRun).where(ChainRun.status.in_(chains.UNDER_WAY))
    ended = query.values(
        status=chains.FAILED,
        error=reason,
        completed_at=clock.now(),
        generation=ChainRun.generation + 1,
    ).returning(ChainRun.id)
    return len(session.scalars(ended.execution_options(synchronize_session=False)).all())
