"""Forgetting sessions that are long over, and tries to sign in that count no more."""

from app.db import transaction
from app.services.people import sessions, tries


def purge_in_batches() -> None:
    """Delete what is past its time, some at a time."""
    with transaction() as session:
        tries.forget_old(session)
    gone = sessions.BATCH
    while gone == sessions.BATCH:
        with transaction() as session:
            gone = sessions.forget_old(session)
