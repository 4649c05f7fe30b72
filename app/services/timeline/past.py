"""Executions that have ended, counted by when they started: one read of an index."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app.domain import execution_state as state
from app.models import Execution
from app.services.access import Sight, sight

MOST_BUCKETS = 400
_ENDED = (state.COMPLETED, *state.FAILURES, state.CANCELLED)
_SLOW_SECONDS = 0.1
_MOST_KEPT = 16


class epoch(FunctionElement[int]):  # noqa: N801 - reads as an SQL function
    """The whole seconds of a moment since 1970, rounded down."""

    type = sa.BigInteger()
    inherit_cache = True
    name = "epoch"


@compiles(epoch, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(strftime('%s', {compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(epoch, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST(floor(extract(epoch FROM {compiler.process(element.clauses, **kw)})) AS BIGINT)"


@dataclass(frozen=True, slots=True)
class Buckets:
    """Stretches of time of one length, from a whole second on; the last may be cut short."""

    first: datetime
    last: datetime
    seconds: int

    def __len__(self) -> int:
        """Return how many there are."""
        return max(0, -int(-(self.last - self.first) // timedelta(seconds=self.seconds)))

    def start(self, index: int) -> datetime:
        """Return when one of them begins."""
        return self.first + timedelta(seconds=self.seconds * index)

    def index(self, moment: datetime) -> int:
        """Return in which of them a moment is."""
        return (moment - self.first) // timedelta(seconds=self.seconds)


#: By who asks, as far as that makes a difference, and for which time.
_kept: dict[tuple[Sight | None, Buckets, str | None], tuple[float, list[tuple[str, int, int]]]] = {}


def counts(
    session: Session, buckets: Buckets, project_id: str | None = None
) -> list[tuple[str, int, int]]:
    """Return status, bucket and number of what started within them and has ended.

    A count that was slow is kept ten times as long as it took.
    """
    began = time.monotonic()
    key = (sight.limited(), buckets, project_id)
    kept_until, found = _kept.get(key, (0.0, []))
    if began < kept_until:
        return found
    since = epoch(Execution.started_at) - int(buckets.first.timestamp())
    place = (since // buckets.seconds).label("place")
    query = (
        sa.select(Execution.status, place, sa.func.count())
        .where(
            Execution.status.in_(_ENDED),
            Execution.started_at >= buckets.first,
            Execution.started_at < buckets.last,
        )
        .group_by(Execution.status, place)
    )
    if project_id is not None:
        query = query.where(Execution.project_id == project_id)
    found = [(status, index, number) for status, index, number in session.execute(query)]
    _keep(key, began, found)
    return found


def _keep(
    key: tuple[Sight | None, Buckets, str | None],
    began: float,
    found: list[tuple[str, int, int]],
) -> None:
    present = time.monotonic()
    if present - began > _SLOW_SECONDS:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[key] = (present + 10 * (present - began), found)
