"""Answers once given to requests that carried an Idempotency-Key.

The key's row is written in the transaction of what the request made: both are there, or neither.
"""

import hashlib
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.errors import Conflict
from app.models import IdempotencyKey

KEPT_SECONDS = 24 * 3600
_table = IdempotencyKey.__table__
#: The status of a row whose answer is not written yet.
_IN_WORK = 0


@dataclass(frozen=True, slots=True)
class Request:
    """What makes a request the same as an earlier one."""

    actor: str
    key: str
    method: str
    path: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given: its status and its JSON text."""

    status: int
    body: str


def known(session: Session, request: Request) -> Answer | None:
    """Return the answer that the same request was given before, if it was given one.

    Raises ``Conflict`` if the key belongs to another request.
    """
    fresh = IdempotencyKey.created_at >= db_now(-KEPT_SECONDS)
    row = session.scalar(sa.select(IdempotencyKey).where(*_is_key(request), fresh))
    if row is None:
        return None
    _check_same(row, request)
    return Answer(row.status, row.answer) if row.status != _IN_WORK else None


def part(request: Request, name: str) -> Request:
    """Return the request for one of many things that a request is about.

    Each is done in a unit of work of its own, so each has a key of its own.
    """
    digest = hashlib.sha256(f"{request.key}\0{name}".encode()).hexdigest()
    return replace(request, key=f"part:{digest}")


def begin(session: Session, request: Request) -> Answer | None:
    """Take the key for this unit of work; ``None`` says that the work is to be done now.

    Returns the stored answer if the same request was answered before. Raises ``Conflict`` if
    the key belongs to another request, or to one still in work.
    """
    _lock(session, request)
    _forget(session, sa.and_(*_is_key(request)))
    if _insert(session, request):
        return None
    row = session.get_one(IdempotencyKey, (request.actor, request.key))
    _check_same(row, request)
    if row.status == _IN_WORK:
        raise _in_work()
    return Answer(row.status, row.answer)


def _check_same(row: IdempotencyKey, request: Request) -> None:
    if (row.method, row.path, row.body_hash) != (request.method, request.path, request.body_hash):
        raise Conflict("this Idempotency-Key was used for another request")


def finish(session: Session, request: Request, answer: Answer) -> None:
    """Keep the answer beside what the request made."""
    session.execute(
        sa.update(IdempotencyKey)
        .where(*_is_key(request))
        .values(status=answer.status, answer=answer.body)
        .execution_options(synchronize_session=False)
    )


def forget_old(session: Session) -> None:
    """Drop the keys that are no longer honoured."""
    _forget(session, sa.true())


def _forget(session: Session, where: sa.ColumnElement[bool]) -> None:
    session.execute(
        sa.delete(IdempotencyKey)
        .where(where, IdempotencyKey.created_at < db_now(-KEPT_SECONDS))
        .execution_options(synchronize_session=False)
    )


def _is_key(request: Request) -> tuple[sa.ColumnElement[bool], ...]:
    return (IdempotencyKey.actor == request.actor, IdempotencyKey.key == request.key)


def _lock(session: Session, request: Request) -> None:
    """On PostgreSQL refuse at once what is in work elsewhere; SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return
    digest = hashlib.sha256(f"{request.actor}\0{request.key}".encode()).digest()
    number = int.from_bytes(digest[:8], signed=True)
    if not session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        raise _in_work()


def _in_work() -> Conflict:
    return Conflict("a request with this Idempotency-Key is still in work; try again soon")


def _insert(session: Session, request: Request) -> bool:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = session.scalar(
        dialect.insert(IdempotencyKey)
        .values(
            actor=request.actor,
            key=request.key,
            method=request.method,
            path=request.path,
            body_hash=request.body_hash,
            status=_IN_WORK,
            answer="",
            created_at=db_now(),
        )
        .on_conflict_do_nothing(index_elements=["actor", "key"])
        .returning(IdempotencyKey.key)
    )
    return made is not None
