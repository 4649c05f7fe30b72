"""Rows for requests that left none with a commit of their own: refusals, failures, readings."""

import logging
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy.exc import SQLAlchemyError

from app.db import transaction
from app.services.audit import records
from app.services.audit.folding import Alike
from app.services.audit.notes import DENIED, DONE, FAILED
from app.services.audit.records import Record

log = logging.getLogger(__name__)

_REFUSALS: Final = frozenset({401, 403})


def result_of(status: int) -> str:
    """Return what an HTTP status says of a deed."""
    if status < 400:
        return DONE
    return DENIED if status in _REFUSALS else FAILED


def write(record: Record, status: int, code: str) -> None:
    """Add a row for an answer, in a unit of work of its own.

    A database that is away, or full, must not turn one answer into another: it is logged.
    """
    result = result_of(status)
    if result != DONE:
        record.forget()
        record.detail |= {"status": status, "code": code}
    records.end()  # what is committed here is no deed of its own
    _commit(((record, result),))


def write_counted(counted: Iterable[tuple[Alike, int]]) -> None:
    """Add a row for each group of answers that were only counted."""
    rows = [(_of_many(alike, number), alike.result) for alike, number in counted]
    if rows:
        _commit(rows)


def alike(record: Record, status: int, code: str) -> Alike:
    """Return what this answer has in common with others."""
    target = record.target.id if record.target else None
    return Alike(record.deed, record.action, target, result_of(status), status, code)


def _of_many(one: Alike, number: int) -> Record:
    detail: dict[str, Any] = {"repeated": number, "status": one.status}
    if one.code:
        detail["code"] = one.code
    target = records.Target("", one.target_id) if one.target_id else None
    return Record(one.deed, one.action, target, detail)


def _commit(rows: Iterable[tuple[Record, str]]) -> None:
    try:
        with transaction() as session:
            for record, result in rows:
                record.write(session, result)
    except SQLAlchemyError as error:
        log.error("the audit log can't be written: %s", type(error).__name__)  # noqa: TRY400
