"""The samples of executions: written by their workers, read by those who look."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import Execution, UsageSample

_SHOWN = (
    UsageSample.sampled_at.label("timestamp"),
    UsageSample.cpu_percent,
    UsageSample.memory_bytes,
    UsageSample.memory_percent,
)
#: Of the execution as a whole; those of its own accounts hold for short ones, too.
_WHOLE = ("cpu_seconds", "max_cpu_percent", "max_rss_bytes", "mean_rss_bytes")


@dataclass(frozen=True, slots=True)
class Sample:
    """What an execution used: CPU on the mean since the sample before, memory at its most."""

    at: datetime
    cpu_percent: float
    memory_bytes: int
    memory_percent: float | None


def write(
    session: Session,
    execution_id: str,
    epoch: int,
    samples: Sequence[Sample],
    *,
    replaces: bool = False,
) -> None:
    """Write samples of an execution, if it is there and still the writer's own.

    Written again they change nothing. With ``replaces`` they are all that is kept of it.
    """
    of = {"of_id": execution_id, "of_epoch": epoch}
    if replaces:
        session.connection().execute(_FORGET, of)
    rows = [
        {
            **of,
            "of_at": sample.at,
            "of_cpu": sample.cpu_percent,
            "of_memory": sample.memory_bytes,
            "of_percent": sample.memory_percent,
        }
        for sample in samples
    ]
    if rows:
        session.connection().execute(_INSERT[session.get_bind().dialect.name], rows)


def of_execution(
    session: Session, execution_id: str, after: datetime | None = None
) -> list[dict[str, Any]]:
    """Return the samples of an execution that somebody may see, later than ``after``, in order."""
    query = sa.select(*_SHOWN).where(UsageSample.execution_id == execution_id)
    if after is not None:
        query = query.where(UsageSample.sampled_at > after)
    rows = session.execute(query.order_by(UsageSample.sampled_at)).mappings()
    return [dict(row) for row in rows]


def whole(session: Session, execution_id: str) -> dict[str, Any]:
    """Return what an execution used as a whole, as far as it is known; it must be there."""
    columns = [getattr(Execution, name) for name in _WHOLE]
    query = sa.select(*columns).where(Execution.id == execution_id)
    return dict(session.execute(query).mappings().one())


_samples: Any = UsageSample.__table__
_executions: Any = Execution.__table__
_IS_MINE = sa.and_(
    _executions.c.id == sa.bindparam("of_id"), _executions.c.epoch == sa.bindparam("of_epoch")
)
_FORGET = sa.delete(_samples).where(
    _samples.c.execution_id == sa.bindparam("of_id"), sa.exists().where(_IS_MINE)
)
_COLUMNS = ("execution_id", "sampled_at", "cpu_percent", "memory_bytes", "memory_percent")
_VALUES = sa.select(
    _executions.c.id,
    sa.bindparam("of_at", type_=_samples.c.sampled_at.type),
    sa.bindparam("of_cpu", type_=sa.Float()),
    sa.bindparam("of_memory", type_=sa.BigInteger()),
    sa.bindparam("of_percent", type_=sa.Float()),
).where(_IS_MINE)
_INSERT: dict[str, Any] = {
    "sqlite": sqlite.insert(_samples).from_select(_COLUMNS, _VALUES).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(_samples)
    .from_select(_COLUMNS, _VALUES)
    .on_conflict_do_nothing(),
}
