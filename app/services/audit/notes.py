"""Writing the audit log: rows are added in the unit of work of what they tell of."""

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy.orm import Session

from app.domain.clock import now, to_wire
from app.domain.ids import new_id
from app.models import AuditEntry

DONE: Final = "done"
DENIED: Final = "denied"
FAILED: Final = "failed"
#: So much is kept of what changed (characters of JSON).
MOST_DETAIL: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something, from where; the same for all rows of one request or command."""

    actor: str
    user_id: str | None = None
    key_id: str | None = None
    address: str | None = None
    trace_id: str | None = None


_current: ContextVar[Deed | None] = ContextVar("deed", default=None)
_NOBODY: Final = Deed("system")


@contextlib.contextmanager
def by(deed: Deed) -> Iterator[None]:
    """Have what is noted meanwhile be the deed of this one."""
    before = _current.set(deed)
    try:
        yield
    finally:
        _current.reset(before)


def note(
    session: Session,
    action: str,
    target: tuple[str, str, str | None] | None = None,
    detail: Mapping[str, Any] | None = None,
    result: str = DONE,
    deed: Deed | None = None,
) -> None:
    """Add a row. ``target`` is kind, id and name; no secret may be in ``detail``."""
    deed = deed or _current.get() or _NOBODY
    kind, target_id, name = target or (None, None, None)
    session.add(
        AuditEntry(
            id=new_id(),
            at=now(),
            actor=deed.actor,
            user_id=deed.user_id,
            key_id=deed.key_id,
            address=deed.address,
            action=action,
            result=result,
            target_kind=kind,
            target_id=target_id,
            target_name=name,
            detail=None if not detail else _text(detail),
            trace_id=deed.trace_id,
        )
    )


def _text(detail: Mapping[str, Any]) -> str:
    text = orjson.dumps(detail, default=to_wire, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()
    return text if len(text) <= MOST_DETAIL else orjson.dumps({"truncated": text[:1000]}).decode()
