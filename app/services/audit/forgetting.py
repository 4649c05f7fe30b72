"""Forgetting the oldest rows of the audit log, so that the rest can still be verified."""

import time
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import db_now, transaction
from app.models import AuditChain, AuditEntry
from app.services.audit import notes
from app.settings import Settings

_BATCH: Final = 500
_PAUSE_SECONDS: Final = 0.01
_table: Any = AuditEntry.__table__
_chain: Any = AuditChain.__table__


def purge_in_batches(settings: Settings) -> int:
    """Remove rows older than AUDIT_RETENTION_DAYS from the beginning; return how many went.

    The anchor keeps the place and the hash of the last one. A run that removes something leaves a
    row itself, so that a removal by other hands, which leaves none, can be told from it.
    """
    gone, batch = 0, _BATCH
    while batch == _BATCH:
        with transaction() as session:
            batch = _forget(session, settings.audit_retention_days)
        gone += batch
        time.sleep(_PAUSE_SECONDS)
    if gone:
        with transaction() as session:
            anchor = session.execute(sa.select(_chain.c.anchor_sequence)).scalar_one()
            notes.note(session, "audit.forget", detail={"rows": gone, "up_to": anchor})
    return gone


def _forget(session: Session, days: int) -> int:
    """Move the anchor over rows that are old enough, and remove them; return how many."""
    anchor = session.execute(sa.select(_chain.c.anchor_sequence).with_for_update()).scalar_one()
    limit = session.scalars(sa.select(db_now())).one() - timedelta(days=days)
    rows = session.execute(
        sa.select(_table.c.sequence, _table.c.hash, _table.c.at)
        .where(_table.c.sequence > anchor)
        .order_by(_table.c.sequence)
        .limit(_BATCH)
    ).all()
    young = next((index for index, row in enumerate(rows) if row.at >= limit), len(rows))
    if not young:
        return 0
    last = rows[young - 1]
    session.execute(sa.update(_chain).values(anchor_sequence=last.sequence, anchor_hash=last.hash))
    session.execute(sa.delete(_table).where(_table.c.sequence <= last.sequence))
    return young
