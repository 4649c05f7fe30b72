"""The one row of a request or a command: who asked for what, and what came of it.

While a record is open the listeners on sessions fill it with what changes, and write its row in
the first unit of work that commits: the change and its row are there together, or not at all.
Where nothing is open, as in workers, all of this does nothing.
"""

import contextlib
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from app.services.audit import notes
from app.services.audit.notes import DONE, Deed

#: So many changed objects are told one by one.
MOST_CHANGES: Final = 50


@dataclass(frozen=True, slots=True)
class Target:
    """The object of a deed."""

    kind: str
    id: str
    name: str | None = None
    project_id: str | None = None


@dataclass(slots=True)
class Record:
    """A row in the making."""

    deed: Deed
    action: str
    target: Target | None = None
    #: What a request shows by itself, or a service told.
    detail: dict[str, Any] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    #: Changed objects beyond those that are told.
    more: int = 0
    is_written: bool = False

    def write(self, session: Session, result: str = DONE) -> None:
        """Add the row to a unit of work."""
        target = self.target
        values: dict[str, Any] = {
            "action": self.action,
            "result": result,
            "detail": self._whole_detail(),
        }
        if target is not None:
            values |= {
                "target_kind": target.kind,
                "target_id": target.id,
                "target_name": target.name,
                "project_id": target.project_id,
            }
        notes.add(session, self.deed, values)

    def add(self, change: dict[str, Any]) -> None:
        """Tell of a changed object, or count it."""
        if len(self.changes) < MOST_CHANGES:
            self.changes.append(change)
        else:
            self.more += 1

    def forget(self) -> None:
        """Forget what has changed: it was rolled back."""
        self.changes.clear()
        self.more = 0

    def _whole_detail(self) -> dict[str, Any]:
        found = dict(self.detail)
        if self.changes:
            found["changes"] = self.changes
        if self.more:
            found["more_changes"] = self.more
        return found


_open: ContextVar[Record | None] = ContextVar("record", default=None)


def current() -> Record | None:
    """Return the record that is open here."""
    return _open.get()


def begin(record: Record) -> None:
    """Open a record until :func:`end`; what is noted meanwhile is by the same one."""
    _open.set(record)
    notes._current.set(record.deed)  # noqa: SLF001 - the same package


def end() -> None:
    """Close the record that is open here, if one is."""
    _open.set(None)
    notes._current.set(None)  # noqa: SLF001


@contextlib.contextmanager
def recorded(deed: Deed, action: str, **detail: Any) -> Iterator[Record]:
    """Have what is done meanwhile, in one or several units of work, leave one row.

    The row is written with the first commit; without one there is none. Nothing secret may be
    in ``detail``.
    """
    record = Record(deed, action, detail=dict(detail))
    begin(record)
    try:
        yield record
    finally:
        end()


@contextlib.contextmanager
def effect(action: str, target: Target) -> Iterator[None]:
    """Have one unit of work leave a row of its own, by whoever the open record is of.

    For requests that do the same to many things, each of which is found under its own name.
    Where no record is open it does nothing.
    """
    outer = _open.get()
    if outer is None:
        yield
        return
    _open.set(Record(outer.deed, action, target))
    try:
        yield
    finally:
        _open.set(outer)


def about(kind: str, target_id: str, name: str | None = None, project: str | None = None) -> None:
    """Say what the deed is about, where the request does not show it."""
    record = _open.get()
    if record is not None and (record.target is None or record.target.name is None):
        record.target = Target(kind, target_id, name, project)


def made(kind: str, objects: Sequence[tuple[str, str, str | None]]) -> None:
    """Tell of objects that were inserted past the session: their ids, names and projects."""
    record = _open.get()
    if record is None:
        return
    if len(objects) == 1 and record.target is None:
        record.target = Target(kind, *objects[0])
    for target_id, name, _ in objects:
        record.add({"kind": kind, "id": target_id, "name": name, "what": "created"})


def tell(**detail: Any) -> None:
    """Add to the detail of the row what no changed object shows; nothing secret."""
    record = _open.get()
    if record is not None:
        record.detail.update(detail)
