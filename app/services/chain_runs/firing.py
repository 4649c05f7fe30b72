"""Firing the schedules of chains: each due moment is a run, or a row that says why there is none.

Of what was missed the newest moment is made up for, if nothing newer is due. A moment that comes
while a run of the chain is under way is skipped.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain import chains
from app.domain.clock import now
from app.domain.errors import Invalid
from app.domain.ids import new_id
from app.domain.schedules import Schedule
from app.models import Chain, ChainRun
from app.services.chain_runs import turns
from app.services.chain_runs.starts import start
from app.services.schedules import closures, planning
from app.services.schedules.planning import TICK

#: So many chains are fired in one transaction.
CHAINS_A_PASS = 50
ACTOR = "schedule"
_PAUSED = "paused: the installation was paused"

Interval = tuple[datetime, datetime]


def fire_due(session: Session) -> int:
    """Start the chains whose next moment has come by the database's clock; return how many."""
    found = session.scalars(
        sa.select(Chain)
        .where(Chain.next_due_at <= db_now(), Chain.enabled)
        .order_by(Chain.next_due_at)
        .limit(CHAINS_A_PASS)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    if not found:
        return 0
    turns.of_chains(session, [chain.id for chain in found])
    clock, closed = planning.clock(session), closures.past(session)
    for chain in found:
        _fire(session, chain, clock, closed)
    return len(found)


def plan(chain: Chain, clock: datetime) -> None:
    """Set when a chain is due next by its schedule, counted from now; never if it has none."""
    chain.anchor_at = chain.next_due_at = None
    if chain.schedule is None or not chain.enabled:
        return
    schedule = planning.read(chain.schedule)
    chain.next_due_at = schedule.next_after(clock)
    if schedule.type == "fixed_rate":
        chain.anchor_at = chain.next_due_at


def _fire(session: Session, chain: Chain, clock: datetime, closed: Sequence[Interval]) -> None:
    """Start the newest moment that has come; those before it have passed."""
    schedule = planning.read(chain.schedule or "")
    first = _after_pauses(session, chain, schedule, clock, closed)
    if first is None or first > clock:
        chain.next_due_at = first
        return
    last = schedule.last_before(clock, first - TICK, chain.anchor_at) or first
    before = schedule.count_between(first - TICK, last - TICK, chain.anchor_at)
    if before:
        _pass(session, chain, first, f"missed: {before} moments before this run's", before)
    reason = _reason(session, chain, schedule, last, closed)
    if reason:
        _pass(session, chain, last, reason, 1)
    else:
        _start(session, chain, last)
    chain.next_due_at = _next(schedule, chain, last)


def _next(schedule: Schedule, chain: Chain, moment: datetime) -> datetime | None:
    if schedule.max_runs is not None and chain.fires >= schedule.max_runs:
        return None
    return schedule.next_after(moment, chain.anchor_at)


def _after_pauses(
    session: Session,
    chain: Chain,
    schedule: Schedule,
    clock: datetime,
    closed: Sequence[Interval],
) -> datetime | None:
    """Let the next moments pass that came in pauses, as one row each; return the one after."""
    moment = chain.next_due_at
    for begin, end in closed:
        if moment is None or not begin <= moment < end:
            continue
        before, anchor = moment - TICK, chain.anchor_at
        last = schedule.last_before(min(end - TICK, clock), before, anchor) or moment
        count = schedule.count_between(before, last, anchor)
        _pass(session, chain, moment, _PAUSED, count)
        moment = schedule.next_after(last, anchor)
    return moment


def _reason(
    session: Session,
    chain: Chain,
    schedule: Schedule,
    moment: datetime,
    closed: Sequence[Interval],
) -> str:
    """Return why a moment passes without a run; an empty text if it runs."""
    if any(begin <= moment < end for begin, end in closed):
        return _PAUSED
    blackout = schedule.blackout_at(moment)
    if blackout is not None:
        return f"blackout: {blackout.describe()}"
    query = sa.select(ChainRun.number).where(
        ChainRun.chain_id == chain.id, ChainRun.status.in_(chains.UNDER_WAY)
    )
    number = session.scalar(query.limit(1))
    return "" if number is None else f"overlap: run {number} was under way"


def _start(session: Session, chain: Chain, moment: datetime) -> None:
    chain.fires += 1
    try:
        start(session, chain, "schedule", ACTOR, moment)
    except Invalid as error:
        _pass(session, chain, moment, str(error), 1)


def _pass(session: Session, chain: Chain, moment: datetime, reason: str, moments: int) -> None:
    """Write that moments passed without a run."""
    chain.last_number += 1
    values: dict[str, Any] = {"links": "[]", "current_index": 1, "generation": 1}
    session.add(
        ChainRun(
            id=new_id(),
            chain_id=chain.id,
            number=chain.last_number,
            status=chains.SKIPPED,
            origin="schedule",
            actor=ACTOR,
            due_at=moment,
            moments=moments if moments > 1 else None,
            started_at=now(),
            advanced_at=now(),
            completed_at=now(),
            duration_ms=0,
            error=reason,
            **values,
        )
    )
    session.flush()


def skip_missed(session: Session, reason: str) -> int:
    """Let the moments that should have been fired by now pass; return how many chains had any."""
    clock = planning.clock(session)
    found = session.scalars(sa.select(Chain).where(Chain.next_due_at <= clock)).all()
    for chain in found:
        schedule, first = planning.read(chain.schedule or ""), chain.next_due_at or clock
        moments = schedule.count_between(first - TICK, clock, chain.anchor_at)
        _pass(session, chain, first, reason, moments)
        chain.next_due_at = schedule.next_after(clock, chain.anchor_at)
    return len(found)
