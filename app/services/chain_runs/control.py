"""Ending a chain run on request, and going on with one that has ended."""

from typing import Any

from sqlalchemy.orm import Session

from app.domain import chains, clock
from app.domain.errors import Conflict, NotFound, invalid
from app.domain.ids import normalise_id
from app.models import Chain, ChainRun, Execution
from app.services import executions
from app.services.access import sight
from app.services.chain_runs import advance, turns, views


def get(session: Session, run_id: str) -> ChainRun:
    """Return a chain run. Raises :class:`NotFound`."""
    known = normalise_id(run_id)
    run = session.get(ChainRun, known) if known else None
    if run is None:
        raise _not_found()
    return run


def _not_found() -> NotFound:
    return NotFound("Chain run not found")


def cancel(session: Session, run_id: str, *, force: bool = False) -> dict[str, Any]:
    """Cancel a run: its link at once if it waits, else by ending what runs. No other follows."""
    run = get(session, run_id)
    _cancel(session, run, force=force)
    return views.summary(session, run)


@sight.unlimited()
def _cancel(session: Session, run: ChainRun, *, force: bool) -> None:
    turns.of_runs(session, [run.id])
    row = _locked_link(session, run)
    run = _locked(session, run)
    if run.status in chains.FINAL:
        raise Conflict(f"the chain run is already {run.status}")
    run.status, run.generation = chains.CANCELLING, run.generation + 1
    session.flush()
    if row is None:
        advance.go_on(session, run, advance.links_of(run))
    else:
        executions.cancel(session, row, force=force)


def _locked(session: Session, run: ChainRun) -> ChainRun:
    found = advance.locked(session, run.id)
    if found is None:
        raise _not_found()
    return found


def _locked_link(session: Session, run: ChainRun) -> Execution | None:
    """Lock the link under way and its job, as everybody does before the run.

    Another may have taken its place meanwhile; then that one is locked, and so on.
    """
    while True:
        row = executions.active_link(session, run.id)
        if row is None:
            return None
        executions.lock_active(session, row.job_id)
        again = executions.active_link(session, run.id)
        if again is None or again.id == row.id:
            return again


def resume(session: Session, run_id: str, first: int | None = None) -> dict[str, Any]:
    """Go on with a run that has ended, from its failed link or from the link ``first``.

    What the links before it did stays; it and those behind it run anew.
    """
    run = get(session, run_id)
    if session.get(Chain, run.chain_id) is None:  # started once, and no more in sight
        raise _not_found()
    _resume(session, run, first)
    return views.summary(session, run)


@sight.unlimited()
def _resume(session: Session, run: ChainRun, first: int | None) -> None:
    turns.of_runs(session, [run.id])
    run = _locked(session, run)
    if run.status not in chains.FINAL:
        raise Conflict(f"the chain run is {run.status}; only one that has ended can be resumed")
    links = advance.links_of(run)
    if not links:
        raise Conflict("the chain run was skipped; run the chain instead")
    first = _first(run, links, first)
    for link in links[first - 1 :]:
        link |= {"status": None, "outcome": None, "reason": None}
    run.status, run.current_index, run.generation = chains.RUNNING, first, run.generation + 1
    run.completed_at = run.duration_ms = run.error = None
    run.advanced_at = clock.now()
    advance.go_on(session, run, links)


def _first(run: ChainRun, links: list[dict[str, Any]], wanted: int | None) -> int:
    stopping = chains.stopped_by(advance.past_of(links))
    ended_at = min(run.current_index, len(links))
    latest = stopping or (ended_at if run.status == chains.CANCELLED else len(links))
    if wanted is None and run.status == chains.COMPLETED:
        raise Conflict("the chain run is completed; name the link to run again")
    first = latest if wanted is None else wanted
    if not 1 <= first <= latest:
        raise invalid("from", f"must be between 1 and {latest}", wanted)
    return first
