"""Forgetting sessions that are long over, and what of signing in counts no more."""

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import transaction
from app.domain.clock import now
from app.models import UserSession
from app.services.people import identity_provider, tries

#: A session that is over is kept so long: it says where its person has signed in from.
KEPT: Final = timedelta(days=30)
BATCH: Final = 500


def purge_in_batches() -> None:
    """Delete what is past its time, some at a time."""
    with transaction() as session:
        tries.forget_old(session)
        identity_provider.forget_spent(session)
    gone = BATCH
    while gone == BATCH:
        with transaction() as session:
            gone = _forget_sessions(session)


def _forget_sessions(session: Session) -> int:
    limit = now() - KEPT
    is_old = (UserSession.expires_at < limit) | (UserSession.revoked_at < limit)
    some = sa.select(UserSession.id).where(is_old).limit(BATCH).scalar_subquery()
    gone = session.scalars(
        sa.delete(UserSession)
        .where(UserSession.id.in_(some))
        .returning(UserSession.id)
        .execution_options(synchronize_session=False)
    )
    return len(gone.all())
