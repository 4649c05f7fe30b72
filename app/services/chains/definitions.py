"""Chains: making, changing and deleting them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain import chains, schedules
from app.domain.clock import now
from app.domain.errors import Conflict, Fault, Invalid, NotFound, shorten
from app.domain.ids import new_id, normalise_id
from app.models import Chain, ChainLink, ChainRun, Job, Project
from app.services.access import owners, sight
from app.services.chain_runs import firing as chain_firing
from app.services.jobs.creation import add_queues
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.schedules import planning

LISTING = Listing(Chain.id, {"name": Order(Chain.name)}, "name", "asc")
_DEFAULTS = {
    "description": None,
    "project_id": "default",
    "priority": None,
    "queue": None,
    "schedule": None,
    "enabled": True,
}
#: Not columns: they become rows of their own.
_LINKS = frozenset({"links", "job_ids"})


def page(
    session: Session, wanted: Wanted, project_id: str | None = None, job_id: str | None = None
) -> Page[dict[str, Any]]:
    """Return a page of chains by name, with their links: of a project, or those with a job."""
    where: list[Any] = [] if project_id is None else [Chain.project_id == project_id]
    if job_id is not None:
        of_job = sa.select(ChainLink.chain_id).where(ChainLink.job_id == job_id)
        where.append(Chain.id.in_(of_job))
    wanted = replace(wanted, filters={"project_id": project_id, "job_id": job_id})
    ids, cursor = LISTING.ids(session, Scope(tuple(where)), wanted)
    found = {c.id: c for c in session.scalars(sa.select(Chain).where(Chain.id.in_(ids)))}
    links = _links_of(session, ids)
    rows = [_wire(found[row_id], links[row_id]) for row_id in ids if row_id in found]
    total, is_capped = counted(session, sa.select(Chain.id).where(*where))
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def get(session: Session, chain_id: str, *, lock: bool = False) -> Chain:
    """Return a chain, locked if it is to be changed. Raises :class:`NotFound`.

    With ``lock`` also :class:`Forbidden`, if who asks may change only what is his.
    """
    known = normalise_id(chain_id)
    chain = session.get(Chain, known, with_for_update=lock or None) if known else None
    if chain is None:
        raise NotFound("Chain not found")
    if lock:
        sight.check_own(chain.created_by)
    return chain


def view(session: Session, chain_id: str) -> dict[str, Any]:
    """Return a chain with its links as it goes on the wire. Raises :class:`NotFound`."""
    chain = get(session, chain_id)
    return _wire(chain, _links_of(session, [chain.id])[chain.id])


def create(session: Session, values: Mapping[str, Any], actor: str) -> dict[str, Any]:
    """Make a chain. Raises :class:`Invalid` with all that is wrong with it."""
    if sight.limited() is not None:
        values = {"project_id": sight.home_project(), **values}
    values = _vetted(session, values, is_new=True)
    columns = {name: value for name, value in values.items() if name not in _LINKS}
    chain = Chain(
        id=new_id(),
        **_DEFAULTS | columns,
        last_number=0,
        created_by=actor,
        created_at=now(),
        updated_at=now(),
    )
    chain_firing.plan(chain, planning.clock(session))
    session.add(chain)
    session.flush()
    _set_links(session, chain, values)
    _know_queue(session, chain)
    return view(session, chain.id)


def update(session: Session, chain_id: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change what is given of a chain; links are replaced as a whole.

    Runs under way go on with the links they began with.
    """
    chain = get(session, chain_id, lock=True)
    values = _vetted(session, values, is_new=False)
    for name, value in values.items():
        if name not in _LINKS:
            setattr(chain, name, value)
    chain.updated_at = now()
    if values.keys() & {"schedule", "enabled"}:
        chain_firing.plan(chain, planning.clock(session))
    session.flush()
    _set_links(session, chain, values)
    _know_queue(session, chain)
    return _wire(chain, _links_of(session, [chain.id])[chain.id])


def delete(session: Session, chain_id: str) -> None:
    """Delete a chain with its runs, unless one is under way; the executions stay."""
    chain = get(session, chain_id, lock=True)
    query = sa.select(ChainRun.id).where(
        ChainRun.chain_id == chain.id, ChainRun.status.in_(chains.UNDER_WAY)
    )
    if session.scalar(query.limit(1)) is not None:
        raise Conflict("the chain is running; cancel it first")
    session.execute(sa.delete(Chain).where(Chain.id == chain.id))


def _vetted(session: Session, given: Mapping[str, Any], *, is_new: bool) -> dict[str, Any]:
    """Return the values to store. Raises :class:`Invalid` with all faults."""
    values = dict(given)
    faults = [*_link_faults(session, values, is_new=is_new)]
    project = values.get("project_id")
    if project is not None and session.get(Project, project) is None:
        faults.append(Fault("project_id", "there is no such project", shorten(project)))
    owner = values.get("created_by")
    if owner is not None and (fault := owners.fault_of(session, owner)):
        faults.append(Fault("created_by", fault, shorten(owner)))
    if values.get("schedule") is not None:
        faults += _read_schedule(values)
    if faults:
        raise Invalid(faults)
    return values


def _read_schedule(values: dict[str, Any]) -> list[Fault]:
    """Replace the wished schedule by the text to store; return what is wrong with it."""
    try:
        schedule = schedules.read(values["schedule"])
    except Invalid as error:
        return [*error.faults]
    if not schedule.is_recurring or schedule.type == "fixed_delay":
        allowed = "must be cron, fixed_rate or calendar, or null for none"
        return [Fault("schedule.type", allowed, schedule.type)]
    values["schedule"] = orjson.dumps(schedules.to_json(schedule)).decode()
    return []


def _link_faults(session: Session, values: Mapping[str, Any], *, is_new: bool) -> list[Fault]:
    if "links" in values and "job_ids" in values:
        return [Fault("job_ids", "can't be given beside links")]
    field = "job_ids" if "job_ids" in values else "links"
    links = _wanted_links(values)
    if links is None and not is_new:
        return []
    if not links:
        return [Fault(field, "Chain must have at least one job")]
    if links[0].get("run_if") == chains.IF_FAILURE:
        return [Fault("links.0.run_if", "nothing can fail before the first link", "failure")]
    ids = {link["job_id"] for link in links}
    known = set(session.scalars(sa.select(Job.id).where(Job.id.in_(ids))))
    unknown = sorted(ids - known)
    text = "One or more jobs in chain not found"
    return [Fault(field, text, shorten(", ".join(unknown)))] if unknown else []


def _wanted_links(values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
    if "job_ids" in values:
        return [{"job_id": job_id} for job_id in values["job_ids"]]
    links: Sequence[Mapping[str, Any]] | None = values.get("links")
    return links


def _set_links(session: Session, chain: Chain, values: Mapping[str, Any]) -> None:
    links = _wanted_links(values)
    if links is None:
        return
    session.execute(sa.delete(ChainLink).where(ChainLink.chain_id == chain.id))
    rows = [
        {
            "id": new_id(),
            "chain_id": chain.id,
            "sequence_order": order,
            "job_id": link["job_id"],
            "stop_on_failure": link.get("stop_on_failure", True),
            "run_if": link.get("run_if", chains.IF_SUCCESS),
            "created_at": now(),
        }
        for order, link in enumerate(links, 1)
    ]
    session.execute(sa.insert(ChainLink), rows)


def _know_queue(session: Session, chain: Chain) -> None:
    if chain.queue is not None:
        add_queues(session, {chain.queue})


def _links_of(session: Session, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    query = (
        sa.select(ChainLink, Job.name)
        .outerjoin(Job, Job.id == ChainLink.job_id)  # of a hidden job no name is found
        .where(ChainLink.chain_id.in_(ids))
        .order_by(ChainLink.chain_id, ChainLink.sequence_order)
    )
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for link, job_name in session.execute(query):
        wire = {name: getattr(link, name) for name in _LINK}
        found[link.chain_id].append(wire | {"job_name": job_name})
    return found


_LINK = (
    "id",
    "chain_id",
    "job_id",
    "sequence_order",
    "stop_on_failure",
    "run_if",
    "created_at",
)
_CHAIN = (
    "id",
    "name",
    "description",
    "project_id",
    "priority",
    "queue",
    "enabled",
    "next_due_at",
    "created_by",
    "created_at",
    "updated_at",
)


def _wire(chain: Chain, links: list[dict[str, Any]]) -> dict[str, Any]:
    schedule = orjson.loads(chain.schedule) if chain.schedule else None
    found = {name: getattr(chain, name) for name in _CHAIN}
    return found | {"schedule": schedule, "links": links}
