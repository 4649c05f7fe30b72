"""Concurrency keys: at most so many executions of a key are in a run queue or run.

A row with a key is born waiting for it (``blocked_on``), outside the index of claimable rows, so
that the claim needs to know nothing of keys. Whoever queues such a row, or ends one, touches the
key; at the end of the unit of work rows go on as far as the limit allows. That is decided under
one lock for each key. Locks are taken in the order of the keys and after everything else, so
that two units of work never wait for each other.
"""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from app.db import db_now
from app.gateways.messages import Ring
from app.models import Execution

# Imported for its place: counters are written before keys are locked.
from app.services import tallies  # noqa: F401
from app.services.access import sight
from app.services.executions.sql import KEY_USED
from app.services.wakeups import ring_after_commit

_TOUCHED, _FRESH = "concurrency_keys", "freshly_queued"
_A_TIME = 16
_executions: Any = Execution.__table__


def touch(session: Session, keys: Iterable[str | None], fresh: Iterable[str] = ()) -> None:
    """Have the rows that wait for these keys go on, as far as the limits allow, at the commit.

    ``fresh`` are rows queued in this unit of work: if they need not wait they keep their place.
    """
    wanted = {key for key in keys if key}
    if wanted:
        session.info.setdefault(_TOUCHED, set()).update(wanted)
        session.info.setdefault(_FRESH, set()).update(fresh)


def leave(row: Execution) -> None:
    """Note that a row gives up its place under its key, if it has one."""
    session = object_session(row)
    if session is not None and row.concurrency_key:
        touch(session, [row.concurrency_key])


def queue_or_hold(session: Session, row: Execution) -> bool:
    """Put a row into its run queue, or have it wait for its key; return whether it is to be rung.

    With a key the ring follows by itself, once the row may go on.
    """
    row.blocked_on, row.turn_at = row.concurrency_key, None
    touch(session, [row.concurrency_key], [row.id])
    return row.concurrency_key is None


def touch_overlooked(session: Session) -> int:
    """Touch the keys whose place is free while rows wait for them; return how many there are.

    Rows that are deleted or moved in bulk leave such keys behind.
    """
    held = (
        sa.select(
            Execution.blocked_on.label("key"),
            sa.func.max(Execution.concurrency_limit).label("most"),
        )
        .where(Execution.blocked_on.is_not(None), Execution.blocked_on == Execution.concurrency_key)
        .group_by(Execution.blocked_on)
        .subquery()
    )
    used = (
        sa.select(sa.func.count())
        .select_from(Execution)
        .where(Execution.concurrency_key == held.c.key, KEY_USED)
        .correlate(held)
        .scalar_subquery()
    )
    keys = session.scalars(sa.select(held.c.key).where(held.c.most > used)).all()
    touch(session, keys)
    return len(keys)


@sa.event.listens_for(Session, "before_commit")
def _let_go_on(session: Session) -> None:
    if _TOUCHED not in session.info or session.in_nested_transaction():
        return
    keys, fresh = session.info.pop(_TOUCHED), session.info.pop(_FRESH)
    session.flush()
    with sight.unlimited():
        for key in sorted(keys):
            _lock(session, key)
            while _admit(session, key, fresh):
                pass


def _lock(session: Session, key: str) -> None:
    """On SQLite the unit of work has the only lock there is already."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_LOCK, {"key": f"concurrency {key}"})


_LOCK = sa.select(
    sa.func.pg_advisory_xact_lock(
        sa.func.hashtextextended(sa.bindparam("key", type_=sa.Text()), sa.literal_column("0"))
    )
)
_USED = (
    sa.select(sa.func.count())
    .select_from(_executions)
    .where(_executions.c.concurrency_key == sa.bindparam("key"), KEY_USED)
)
_NEXT = (
    sa.select(
        *(
            _executions.c[n]
            for n in ("id", "generation", "queue", "priority", "concurrency_limit", "chain_run_id")
        )
    )
    .where(
        _executions.c.blocked_on == sa.bindparam("key"),
        _executions.c.concurrency_limit > sa.bindparam("used"),
    )
    .order_by(
        _executions.c.priority.desc(),
        _executions.c.run_at,
        _executions.c.created_at,
        _executions.c.id,
    )
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
_GO_ON = (
    sa.update(_executions)
    .where(_executions.c.id == sa.bindparam("of_id"))
    .values(blocked_on=None, turn_at=sa.case((sa.bindparam("waited") == 1, db_now())))
)


def _admit(session: Session, key: str, fresh: set[str]) -> bool:
    """Let some rows of a locked key go on; return whether more may follow."""
    used = session.scalar(_USED, {"key": key}) or 0
    rows = session.execute(_NEXT, {"key": key, "used": used, "most": _A_TIME}).all()
    gone = []
    for row in rows:
        if row.concurrency_limit > used:
            gone.append(row)
            used += 1
    if gone:
        values = [{"of_id": row.id, "waited": int(row.id not in fresh)} for row in gone]
        session.connection().execute(_GO_ON, values)
        rings = [
            Ring(row.queue, row.priority, (row.id, row.generation), row.chain_run_id)
            for row in gone
        ]
        ring_after_commit(session, rings)
    return len(gone) == _A_TIME
