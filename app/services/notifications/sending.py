"""Mails: taken by who sends them, sent, recorded, tried again for a day.

A try belongs to who has raised ``attempts``; whoever died over one loses it with the lease, and
the mail goes out again under the same ``Message-ID``: each address gets it at least once.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now
from app.domain.clock import now
from app.domain.mail.letters import Letter
from app.gateways import broker, letters
from app.gateways.mail import Connection, MailFailed
from app.models import Email
from app.services import tallies
from app.services.notifications import server

PENDING, SENT, FAILED = "pending", "sent", "failed"
STATUSES: Final = (PENDING, SENT, FAILED)
SEND_TASK: Final = "notifications.send"
GIVE_UP_AFTER: Final = timedelta(hours=24)
#: Beyond the time that the server has, a try may last so long before it counts as dead.
LEASE_MARGIN_SECONDS: Final = 15.0
#: Rings that may wait in the broker; each is for all mails that are due.
_MOST_RINGS: Final = 4
_LONGEST_DELAY: Final = 600.0
_JITTER: Final = 0.2

#: Spelt as in the partial index: the databases use that only for the same words.
_IS_PENDING = sa.text("emails.status = 'pending'")
_IS_FREE = sa.or_(Email.lease_until.is_(None), Email.lease_until < db_now())
_DUE = (_IS_PENDING, Email.next_retry_at <= db_now(), _IS_FREE)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a mail; ``number`` counts the tries and is the right to record this one."""

    id: str
    recipient: str
    letter: Letter
    number: int


def ring() -> None:
    """Ring for the mails that are due."""
    broker.ring_lane(broker.NOTIFICATIONS, SEND_TASK, [[]], _MOST_RINGS)


def are_due(session: Session) -> bool:
    """Return whether there are mails that are due and in nobody's hands, and a server for them."""
    if not server.known(session).is_on:
        return False
    return session.scalar(sa.select(Email.id).where(*_DUE).limit(1)) is not None


def claim(session: Session, lease: float) -> Attempt | None:
    """Take the mail that has waited longest; ``None`` if none is due."""
    chosen = (
        sa.select(Email.id)
        .where(*_DUE)
        .order_by(Email.next_retry_at, Email.created_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("chosen")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    row = session.execute(
        sa.update(Email)
        .where(Email.id.in_(sa.select(chosen.c.id)))
        .values(attempts=Email.attempts + 1, lease_until=db_now(lease))
        .returning(Email.id, Email.recipient, Email.subject, Email.text, Email.html, Email.attempts)
        .execution_options(synchronize_session=False)
    ).first()
    if row is None:
        return None
    letter = Letter(row.subject, row.text or "", row.html or "")
    return Attempt(row.id, row.recipient, letter, row.attempts)


def send(attempt: Attempt, sender: str, connection: Connection) -> None:
    """Send a mail; no unit of work is open meanwhile. Raises :class:`MailFailed`."""
    message = letters.as_bytes(attempt.letter, sender, attempt.recipient, attempt.id)
    connection.send(attempt.recipient, message)


def record(session: Session, attempt: Attempt, failure: MailFailed | None) -> str | None:
    """Write how a try ended; return the mail's status, ``None`` if the try was lost.

    A failure of the server has all mails wait that are due, or would be sooner than this one.
    """
    if failure is None:
        return _end(session, attempt, SENT, {"sent_at": now(), "error": None})
    if failure.is_final:
        return _end(session, attempt, FAILED, {"error": str(failure)})
    delay = delay_seconds(attempt.number, random.random())  # noqa: S311 - jitter
    later = {"next_retry_at": db_now(delay), "error": str(failure)}
    status = _write(session, attempt, later, PENDING)
    if failure.is_of_server:
        waiting = sa.update(Email).where(_IS_PENDING, _IS_FREE, Email.next_retry_at < db_now(delay))
        _execute(session, waiting.values(next_retry_at=db_now(delay)))
    return status


def delay_seconds(attempt: int, chance: float) -> float:
    """Return the pause after the ``attempt``-th try failed; ``chance`` is between 0 and 1."""
    planned: float = min(2.0 ** min(attempt, 30), _LONGEST_DELAY)
    return planned * (1 + _JITTER * chance)


def give_up(session: Session) -> int:
    """End the mails whose time is over as failed; return how many."""
    reason = sa.func.coalesce(Email.error, "e-mail was switched off")
    error = sa.literal("not sent within 24 hours; ") + reason
    return fail_pending(session, error, Email.give_up_at < db_now(), _IS_FREE)


def fail_pending(session: Session, error: Any, *where: sa.ColumnElement[bool]) -> int:
    """End mails on their way as failed, all unless ``where`` says less; they can be sent again."""
    ended = {"status": FAILED, "error": error, "ended_at": now()} | _AT_REST
    update = sa.update(Email).where(_IS_PENDING, *where).values(ended)
    count = len(_execute(session, update.returning(Email.id)).all())
    if count:
        tallies.add(session, "emails", FAILED, count)
    return count


_AT_REST: dict[str, Any] = {"next_retry_at": None, "lease_until": None}


def _end(session: Session, attempt: Attempt, status: str, values: Mapping[str, Any]) -> str | None:
    spent = {"text": None, "html": None} if status == SENT else {}
    ended = {"status": status, "ended_at": now(), **_AT_REST, **spent, **values}
    written = _write(session, attempt, ended, status)
    if written is not None:
        tallies.add(session, "emails", status)
    return written


def _write(
    session: Session, attempt: Attempt, values: Mapping[str, Any], status: str
) -> str | None:
    mine = (Email.id == attempt.id, Email.attempts == attempt.number, _IS_PENDING)
    update = sa.update(Email).where(*mine).values({"lease_until": None, **values})
    found = _execute(session, update.returning(Email.id))
    return None if found.first() is None else status


def _execute(session: Session, statement: Any) -> Any:
    return session.execute(statement.execution_options(synchronize_session=False))
