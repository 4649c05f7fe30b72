"""Listeners on sessions: they see what changes while a record is open, and write its row.

They are there only in processes that serve requests, and where no record is open each of them
ends with its first line.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.audit import changes
from app.services.audit.records import Record, Target, current

_WRITTEN = "audit_written"


def listen() -> None:
    """Have the sessions of this process be listened to. Doing it again changes nothing."""
    for name, listener in (
        ("loaded_as_persistent", _recognise),
        ("after_flush", _collect),
        ("before_commit", _write),
        ("after_commit", _settle),
        ("after_rollback", _forget),
    ):
        if not sa.event.contains(Session, name, listener):
            sa.event.listen(Session, name, listener)


def _recognise(_session: Session, instance: Any) -> None:
    """Learn the name of the record's object when it is loaded, before it may be gone."""
    record = current()
    if record is None or record.target is None or record.target.name is not None:
        return
    if changes.kind_of(instance) == record.target.kind:
        _name(record, record.target, instance)


def _name(record: Record, target: Target, instance: Any) -> None:
    if changes.identity(instance) == target.id:
        name, project = changes.name_of(instance), changes.project_of(instance)
        record.target = Target(target.kind, target.id, name, project)


def _collect(session: Session, _context: Any) -> None:
    """Note the changes of a flush. The histories are still there."""
    record = current()
    if record is None or record.is_written:
        return
    for what, instances in (
        ("created", session.new),
        ("changed", session.dirty),
        ("deleted", session.deleted),
    ):
        for instance in instances:
            _note(record, instance, what)


def _note(record: Record, instance: Any, what: str) -> None:
    kind = changes.kind_of(instance)
    told = changes.told(instance, kind, what) if kind else None
    if kind is None or told is None:
        return
    record.add(told)
    if record.target is None:
        name, project = changes.name_of(instance), changes.project_of(instance)
        record.target = Target(kind, told["id"], name, project)
    elif record.target.name is None and record.target.kind == kind:
        _name(record, record.target, instance)


def _write(session: Session) -> None:
    """Add the row just before the commit, once everything has been flushed."""
    record = current()
    if record is None or record.is_written or session.in_nested_transaction():
        return
    if session.info.get(_WRITTEN) is record:
        return
    session.flush()
    session.info[_WRITTEN] = record
    record.write(session)


def _settle(session: Session) -> None:
    record = session.info.pop(_WRITTEN, None)
    if record is not None:
        record.is_written = True


def _forget(session: Session) -> None:
    session.info.pop(_WRITTEN, None)
    record = current()
    if record is not None and not record.is_written:
        record.forget()
