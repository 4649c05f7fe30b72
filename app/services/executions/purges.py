"""Deleting on purpose: an execution that has ended, or only what it printed.

What it said stands in more places than its row: in the texts of a chain run, and in deliveries of
webhooks. Copies that others hold already are out of reach.
"""

from pathlib import Path
from typing import Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain import chains
from app.domain import execution_state as state
from app.domain.clock import now
from app.domain.errors import Conflict, NotFound
from app.domain.ids import normalise_id
from app.gateways import output_files
from app.models import ChainRun, Email, Execution, ExecutionLog, WebhookDelivery
from app.services import audit

#: Stands where an error may have quoted the output.
PURGED: Final = "removed on purpose"


def purge(session: Session, execution_id: str, log_files: Path) -> None:
    """Delete an ended execution with all it printed, also in ``log_files`` on this machine.

    Raises :class:`NotFound`, or :class:`Conflict` while it, or its chain run, has not ended.
    """
    row = _ended(session, execution_id)
    _clean_copies(session, row)
    session.delete(row)
    session.flush()
    after_commit(session, lambda: output_files.remove(log_files, row.id))


def purge_output(session: Session, execution_id: str, actor: str, log_files: Path) -> None:
    """Delete what an ended execution printed; its status, its times and its exit code are kept.

    Doing it again changes nothing but who did it last. Raises like :func:`purge`.
    """
    row = _ended(session, execution_id)
    _clean_copies(session, row)
    session.execute(sa.delete(ExecutionLog).where(ExecutionLog.execution_id == row.id))
    row.output_tail, row.output_truncated = None, False
    row.error = None if row.error is None else PURGED
    row.output_purged_at, row.output_purged_by = now(), actor
    session.flush()
    after_commit(session, lambda: output_files.remove(log_files, row.id))


def _ended(session: Session, execution_id: str) -> Execution:
    known = normalise_id(execution_id)
    row = session.get(Execution, known, with_for_update=True) if known else None
    if row is None:
        raise NotFound("Execution not found")
    if row.status not in state.FINAL:
        raise Conflict(f"the execution is {row.status}; only one that has ended can be purged")
    audit.about("execution", row.id, f"#{row.number}", row.project_id)
    audit.tell(job_id=row.job_id, number=row.number, status=row.status)
    return row


def _clean_copies(session: Session, row: Execution) -> None:
    """Take what the execution said out of its chain run, and of deliveries and mails about it."""
    if row.chain_run_id is not None:
        run = session.get(ChainRun, row.chain_run_id, with_for_update=True)
        if run is not None:
            _clean_run(run, row)
    if row.error is not None:
        _clean_deliveries(session, row)
    quoting = sa.update(Email).where(Email.execution_id == row.id, Email.text.is_not(None))
    session.execute(quoting.values(text=PURGED, html=f"<p>{PURGED}</p>"))


def _clean_run(run: ChainRun, row: Execution) -> None:
    if run.status in chains.UNDER_WAY:
        raise Conflict("its chain run has not ended; wait for that, or cancel it")
    if row.error is None:
        return
    links: list[dict[str, Any]] = orjson.loads(run.links)
    for link in links:
        if link.get("reason") == row.error:
            link["reason"] = PURGED
    run.links = orjson.dumps(links).decode()
    if run.error is not None:
        run.error = run.error.replace(row.error, PURGED)


def _clean_deliveries(session: Session, row: Execution) -> None:
    """Rewrite the deliveries that hold the error; those still to be sent are signed then."""
    query = sa.select(WebhookDelivery).where(
        WebhookDelivery.created_at >= row.created_at,
        WebhookDelivery.payload.contains(row.id, autoescape=True),
    )
    for delivery in session.scalars(query):
        body = orjson.loads(delivery.payload)
        told = body.get("data", {}).get("execution", {})
        if told.get("id") == row.id and "error" in told:
            told["error"] = PURGED
            delivery.payload = orjson.dumps(body).decode()
