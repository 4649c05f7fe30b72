"""Chain runs as they go on the wire, and lists of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import execution_state as state
from app.domain.decisions import say_reason
from app.models import Chain, ChainRun, Execution, Job
from app.services.access import sight
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted

LISTING = Listing(ChainRun.id, {"number": Order(ChainRun.number)}, "number", "desc")
#: The detail of a run shows at most so many executions, the newest ones.
MOST_EXECUTIONS = 1000
#: In place of an error that may tell of a job that is hidden.
_HIDDEN = "a link did not end well"
_OMITTED = ("due_at", "moments", "completed_at", "duration_ms", "error")
_SHOWN = (
    "id",
    "job_id",
    "number",
    "status",
    "attempt",
    "blocked_on",
    "reason",
    "queued_at",
    "started_at",
    "completed_at",
    "duration_ms",
    "exit_code",
    "error",
    "error_code",
)


def summary(session: Session, run: ChainRun) -> dict[str, Any]:
    """Return a run without its links."""
    return _summary(run, _shown(session, [run])[run.id])


def _shown(session: Session, runs: Sequence[ChainRun]) -> dict[str, list[dict[str, Any]]]:
    """Return the links of runs; of hidden jobs neither the name nor what became of them."""
    links: dict[str, list[dict[str, Any]]] = {run.id: orjson.loads(run.links) for run in runs}
    if sight.limited() is None:
        return links
    ids = {link["job_id"] for of_run in links.values() for link in of_run}
    seen = set(session.scalars(sa.select(Job.id).where(Job.id.in_(ids))))
    for link in (link for of_run in links.values() for link in of_run):
        if link["job_id"] not in seen:
            link |= {"job_name": None, "queue": None, "reason": None}
    return links


def _summary(run: ChainRun, links: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": run.id,
        "chain_id": run.chain_id,
        "number": run.number,
        "status": run.status,
        "origin": run.origin,
        "actor": run.actor,
        "current_index": run.current_index,
        "total_links": len(links),
        "link_statuses": [link["status"] or "pending" for link in links],
        "started_at": run.started_at,
    }
    for name in _OMITTED:
        if getattr(run, name) is not None:
            found[name] = getattr(run, name)
    if "error" in found and any(link["job_name"] is None for link in links):
        found["error"] = _HIDDEN
    return found


def page(session: Session, chain: Chain, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of a chain's runs, the newest first."""
    where = (ChainRun.chain_id == chain.id,)
    ids, cursor = LISTING.ids(session, Scope(where), wanted)
    found = {r.id: r for r in session.scalars(sa.select(ChainRun).where(ChainRun.id.in_(ids)))}
    links = _shown(session, [*found.values()])
    rows = [_summary(found[row_id], links[row_id]) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(ChainRun.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def detail(session: Session, run: ChainRun) -> dict[str, Any]:
    """Return a run with its links and the executions of each, oldest first."""
    with sight.unlimited():  # who sees a run sees the name of its chain
        name = session.scalar(sa.select(Chain.name).where(Chain.id == run.chain_id))
    by_link = _executions(session, run.id)
    links = _shown(session, [run])[run.id]
    told = [_link(run, link, by_link[link["index"]]) for link in links]
    return _summary(run, links) | {"chain_name": name, "links": told}


def _executions(session: Session, run_id: str) -> dict[int, list[Any]]:
    columns = [getattr(Execution, name) for name in _SHOWN]
    query = (
        sa.select(Execution.link_index, *columns)
        .where(Execution.chain_run_id == run_id, Execution.chain_run_id.is_not(None))
        .order_by(Execution.id.desc())
        .limit(MOST_EXECUTIONS)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in reversed(session.execute(query).all()):
        found[row.link_index].append(row)
    return found


def _link(run: ChainRun, link: dict[str, Any], rows: list[Any]) -> dict[str, Any]:
    active = [row.status for row in rows if row.status in state.ACTIVE]
    status = link["status"] or (active[-1] if active else "pending")
    shown = [{name: getattr(row, name) for name in _SHOWN} for row in rows]
    told = say_reason(link["reason"] or "")
    reason = {"reason_code": told["code"], "reason_params": told["params"]}
    more = {"status": status, "duration_ms": _duration(rows), "executions": shown}
    return link | reason | more


def _duration(rows: list[Any]) -> int | None:
    """Return how long the last due moment of a link took, over all its attempts."""
    first = next((n for n in reversed(range(len(rows))) if rows[n].attempt == 1), 0)
    attempts = rows[first:]
    if not attempts or attempts[0].started_at is None or attempts[-1].completed_at is None:
        return None
    span: timedelta = attempts[-1].completed_at - attempts[0].started_at
    return round(span.total_seconds() * 1000)
