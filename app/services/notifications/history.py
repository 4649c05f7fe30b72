"""Mails as operators see them: lists, sending again, and forgetting the old ones."""

import time
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit, db_now, reading, transaction
from app.domain.clock import now
from app.domain.errors import Conflict, NotFound
from app.domain.ids import normalise_id
from app.models import Email
from app.services import installation
from app.services.keyset import Order, Scope
from app.services.listing import Listing, Page, Wanted, counted
from app.services.notifications import sending
from app.services.notifications.sending import FAILED, PENDING
from app.settings import Settings

LISTING = Listing(Email.id, {"created_at": Order(Email.created_at)}, "created_at", "desc")
_BATCH = 500
_PAUSE_SECONDS = 0.01
_PLAIN = ("id", "subject", "kind", "job_id", "execution_id", "status", "attempts", "created_at")
_OPTIONAL = ("next_retry_at", "error", "sent_at")


@dataclass(frozen=True, slots=True)
class MailFilters:
    """What narrows a list of mails."""

    status: str | None = None
    job_id: str | None = None


def page(session: Session, filters: MailFilters, wanted: Wanted) -> Page[dict[str, Any]]:
    """Return a page of mails, the newest first."""
    wanted = replace(wanted, filters=asdict(filters))
    given = {name: value for name, value in asdict(filters).items() if value is not None}
    where = [getattr(Email, name) == value for name, value in given.items()]
    ids, cursor = LISTING.ids(session, Scope(tuple(where)), wanted)
    query = sa.select(Email).where(Email.id.in_(ids))
    found = {row.id: wire(row) for row in session.scalars(query)}
    total, is_capped = counted(session, sa.select(Email.id).where(*where))
    rows = [found[row_id] for row_id in ids if row_id in found]
    return Page(rows, total, wanted.limit, wanted.offset, cursor, is_capped)


def get(session: Session, mail_id: str, *, lock: bool = False) -> Email:
    """Return a mail. Raises :class:`NotFound`."""
    known = normalise_id(mail_id)
    found = session.get(Email, known, with_for_update=lock or None) if known else None
    if found is None:
        raise NotFound("e-mail not found")
    return found


def retry(session: Session, mail_id: str) -> dict[str, Any]:
    """Send a mail that failed once more, for another day. Raises :class:`Conflict` for others."""
    mail = get(session, mail_id, lock=True)
    if mail.status != FAILED:
        raise Conflict(f"only an e-mail that failed can be sent again; this one is {mail.status}")
    moment = now()
    mail.status, mail.attempts, mail.error, mail.ended_at = PENDING, 0, None, None
    mail.next_retry_at, mail.give_up_at = moment, moment + sending.GIVE_UP_AFTER
    session.flush()
    after_commit(session, sending.ring)
    return wire(mail)


def purge_in_batches(settings: Settings) -> int:
    """Delete mails that ended longer ago than LOG_RETENTION_DAYS; return how many went.

    The others go with their executions.
    """
    with reading() as session:
        days = int(installation.runtime_value(session, settings, "log_retention_days"))
        limit = session.scalars(sa.select(db_now())).one() - timedelta(days=days)
    has_ended = sa.text("emails.status <> 'pending'")  # spelt as in the partial index
    old = sa.select(Email.id).where(has_ended, Email.ended_at < limit)
    old = old.order_by(Email.ended_at).limit(_BATCH)
    count = gone = _delete(old)
    while gone == _BATCH:
        time.sleep(_PAUSE_SECONDS)
        gone = _delete(old)
        count += gone
    return count


def _delete(old: sa.Select[Any]) -> int:
    with transaction() as session:
        ids = session.scalars(old).all()
        gone = sa.delete(Email).where(Email.id.in_(ids), Email.status != PENDING)
        session.execute(gone.execution_options(synchronize_session=False))
        return len(ids)


def wire(mail: Email) -> dict[str, Any]:
    """Return a mail as it goes on the wire, without what it says."""
    found = {name: getattr(mail, name) for name in _PLAIN} | {"to": mail.recipient}
    given = {name: getattr(mail, name) for name in _OPTIONAL}
    return found | {name: value for name, value in given.items() if value is not None}
