"""The chores that the auxiliary workers do: one table of name and duty."""

import logging
from collections.abc import Callable

from sqlalchemy.orm import Session

from app.db import transaction
from app.services import idempotency, retention, tallies, workers
from app.services.webhooks import history
from workers import process

log = logging.getLogger(__name__)


def _forget_old(session: Session) -> None:
    idempotency.forget_old(session)
    workers.forget_silent(session)


def _compact(session: Session) -> None:
    tallies.compact(session)


_DUTIES: dict[str, Callable[[Session], None]] = {
    "compact_tallies": _compact,
    "forget_old": _forget_old,
}


def perform(name: str) -> None:
    """Do one chore. An unknown name is logged: an older worker may meet a newer beat."""
    if name == "retention":
        retention.purge_in_batches(process.settings())
        history.purge_in_batches(process.settings())
    elif name in _DUTIES:
        with transaction() as session:
            _DUTIES[name](session)
    else:
        log.warning("no chore is called %r here", name)
