"""Writing the chunks of an execution's output."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.models import ExecutionLog
from app.services.driver.prepared import Prepared
from workers.log_sink import Chunk

_logs: Any = ExecutionLog.__table__


def write_chunk(session: Session, execution_id: str, chunk: Chunk) -> None:
    """Write a chunk and drop what left the window. Writing it again changes nothing."""
    if chunk.drop:
        session.execute(
            sa.delete(_logs).where(
                _logs.c.execution_id == execution_id, _logs.c.first_number.in_(chunk.drop)
            )
        )
    values = {
        "execution_id": execution_id,
        "first_number": chunk.first,
        "last_number": chunk.last,
        "logged_at": chunk.at,
        "body": chunk.body,
    }
    _INSERT[session.get_bind().dialect.name].write(session, [values])


def _inserting(insert: Any) -> Prepared:
    names = ("execution_id", "first_number", "last_number", "logged_at", "body")
    return Prepared(
        insert.values({name: sa.bindparam(name) for name in names}).on_conflict_do_nothing()
    )


_INSERT = {
    "sqlite": _inserting(sqlite.insert(_logs)),
    "postgresql": _inserting(postgresql.insert(_logs)),
}
