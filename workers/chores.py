"""The chores that the auxiliary workers do: one table of name and duty."""

import logging
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from app.db import transaction
from app.services import idempotency, retention, tallies, workers
from app.services.audit import forgetting
from app.services.notifications import history as mail_history
from app.services.notifications import sending
from app.services.people import tidying
from app.services.usage import forgetting as usage_forgetting
from app.services.usage import rollups
from app.services.webhooks import history
from workers import process
from workers.executors import claude_logs

log = logging.getLogger(__name__)


def _forget_old(session: Session) -> None:
    idempotency.forget_old(session)
    workers.forget_silent(session)
    sending.give_up(session)


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
        sweep_log_files(process.settings().claude_logs)
        history.purge_in_batches(process.settings())
        forgetting.purge_in_batches(process.settings())
        mail_history.purge_in_batches(process.settings())
        tidying.purge_in_batches()
        usage_forgetting.purge_in_batches(process.settings())
    elif name == "roll_up":
        rollups.roll_up(process.settings())
    elif name in _DUTIES:
        with transaction() as session:
            _DUTIES[name](session)
    else:
        log.warning("no chore is called %r here", name)


def sweep_log_files(folder: Path) -> int:
    """Remove the log files on this machine of forgotten executions; return how many went."""
    files = [
        (execution_id, path)
        for path in (folder.iterdir() if folder.is_dir() else ())
        if (execution_id := claude_logs.execution_of(path.name))
    ]
    known = retention.known(sorted({execution_id for execution_id, _ in files}))
    gone = [path for execution_id, path in files if execution_id not in known]
    for path in gone:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("the log file %s can't be removed: %s", path, error)
    return len(gone)
