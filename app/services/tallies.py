"""Counters that only grow, kept as rows so that every process answers for all.

Each process adds to a stripe of its own; nobody waits for a hot row. Totals of jobs and
executions by project and status (families ``jobs`` and ``executions``) are kept by triggers.
"""

import os
import socket
from collections import defaultdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from app.models import Tally
from app.services.driver.prepared import Prepared

_KEY = "tallies"
_tally: Any = Tally.__table__
#: Upper bounds of the lateness histogram, in seconds.
LATENESS_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


def add(session: Session, family: str, key: str, amount: float = 1) -> None:
    """Add to a counter when the unit of work commits."""
    pending = session.info.setdefault(_KEY, defaultdict(float))
    pending[family, key] += amount


def add_lateness(session: Session, seconds: float) -> None:
    """Count one start into the lateness histogram."""
    bound = next((b for b in LATENESS_BUCKETS if seconds <= b), float("inf"))
    add(session, "lateness", str(bound))
    add(session, "lateness", "sum", max(seconds, 0.0))


def totals(session: Session, family: str) -> dict[str, float]:
    """Return the counters of a family, summed over all stripes."""
    query = (
        sa.select(_tally.c.key, sa.func.sum(_tally.c.value))
        .where(_tally.c.family == family)
        .group_by(_tally.c.key)
    )
    return dict(session.execute(query).all())


def compact(session: Session) -> int:
    """Fold the stripes that nobody holds at present into one; return how many rows went."""
    stripes = (
        sa.select(_tally.c.family, _tally.c.key, _tally.c.stripe)
        .where(_tally.c.stripe != "base")
        .with_for_update(skip_locked=True)
    )
    held = session.execute(stripes).all()
    gone = 0
    for family, key, stripe in held:
        where = (_tally.c.family == family, _tally.c.key == key, _tally.c.stripe == stripe)
        value = session.scalar(sa.delete(_tally).where(*where).returning(_tally.c.value))
        if value is not None:
            _upsert(session, [{"family": family, "key": key, "stripe": "base", "value": value}])
            gone += 1
    return gone


@sa.event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    pending = session.info.pop(_KEY, None)
    if pending:
        stripe = f"{socket.gethostname()[:60]}-{os.getpid()}"
        rows = [
            {"family": family, "key": key, "stripe": stripe, "value": value}
            for (family, key), value in sorted(pending.items())
        ]
        _upsert(session, rows)


def _upsert(session: Session, rows: list[dict[str, Any]]) -> None:
    if session.get_bind().dialect.name == "sqlite":
        _UPSERT.write(session, rows)
    else:
        _UPSERT_ALL.write(session, [{name: [row[name] for row in rows] for name in rows[0]}])


_UPSERT = Prepared(
    sqlite.insert(_tally)
    .values({column.name: sa.bindparam(column.name) for column in _tally.c})
    .on_conflict_do_update(
        index_elements=["family", "key", "stripe"],
        set_={"value": _tally.c.value + sqlite.insert(_tally).excluded.value},
    )
)
#: PostgreSQL is far away: it takes all rows in one go.
_UPSERT_ALL = Prepared(
    sa.text(
        """
        INSERT INTO tallies (family, key, stripe, value)
        SELECT * FROM unnest(
            CAST(:family AS text[]), CAST(:key AS text[]), CAST(:stripe AS text[]),
            CAST(:value AS double precision[])
        )
        ON CONFLICT (family, key, stripe) DO UPDATE SET value = tallies.value + excluded.value
        """
    )
)
