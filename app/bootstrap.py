"""What every process does first: logging, database, broker."""

import json
import logging
import sys
import time
import traceback

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import db, reactions
from app.domain import traces
from app.domain.clock import now, to_wire
from app.domain.specs import FOUND
from app.gateways import broker, log_files, telemetry
from app.services import backups, encryption, installation, live, wakeups
from app.services.notifications import server as mail_server
from app.settings import Settings
from app.version import VERSION
from migrations import apply

log = logging.getLogger(__name__)

_QUIET = ("kombu", "amqp", "celery.worker.strategy", "httpx", "httpcore", "alembic")
LONGEST_WAIT_SECONDS = 120.0


def start(process: str, settings: Settings, *, reads_secrets: bool = True) -> None:
    """Make this process ready for work. Waits for the schema; never migrates.

    Raises ``SystemExit`` if the schema does not become usable, or the encryption key is not the
    right one; a process that reads no secrets needs none.
    """
    start_logging(process, settings)
    for fault in FOUND.faults:
        log.error("a plugin can't be used: %s", fault)
    db.configure(settings.database, pool_size=20 if process == "api" else 5)
    wakeups.configure(settings.handoff_horizon_seconds)
    mail_server.configure(settings)
    telemetry.configure(settings, process)
    reactions.connect()
    _wait_for_schema()
    if reads_secrets:
        unlock(settings)
    with db.reading() as session:
        broker.configure(settings.broker, installation.installation_id(session))
    live.configure(settings)


def start_logging(process: str, settings: Settings) -> None:
    """Send log lines to stderr (for people on a terminal, else as JSON), or to the log file."""
    in_file = log_files.is_used()
    handler = log_files.Handler() if in_file else logging.StreamHandler(sys.stderr)
    form = Plain(process) if sys.stderr.isatty() else Json(process)
    handler.setFormatter(form)
    level = {"warn": "WARNING"}.get(settings.log_level, settings.log_level.upper())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLogger().level))
    if logging.getLogger().level > logging.DEBUG:
        logging.getLogger("celery").setLevel(logging.WARNING)


class Plain(logging.Formatter):
    """A line a person reads: time, level, process, message."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {process:<10} %(message)s", "%H:%M:%S")


class Json(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        line = {
            "time": to_wire(now()),
            "level": record.levelname.lower(),
            "process": self.process,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _place(record)
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def _place(record: logging.LogRecord) -> dict[str, str]:
    """Return the trace that the work belongs to that this line is about."""
    here, trace_id = traces.here(), getattr(record, "trace_id", None)
    if here is not None and trace_id in (None, here.trace_id):
        return {"trace_id": here.trace_id, "span_id": here.span_id}
    return {"trace_id": trace_id} if trace_id else {}


def unlock(settings: Settings) -> None:
    """Give this process the encryption key. Raises ``SystemExit`` if that is not the right one."""
    try:
        with db.transaction() as session:
            encryption.unlock(session, settings)
    except encryption.KeyRefused as reason:
        log.error("%s", reason)  # noqa: TRY400 - the reason is all there is to say
        raise SystemExit(1) from None


def _wait_for_schema() -> None:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while True:
        reason = schema_problem(db.engine())
        if not reason:
            return
        if time.monotonic() > deadline:
            log.error("giving up: %s", reason)
            raise SystemExit(1)
        log.warning("waiting: %s", reason)
        time.sleep(1)


def schema_problem(engine: sa.Engine) -> str:
    """Return why this release can't run on the database's schema; empty if it can."""
    try:
        revision = apply.current(engine)
    except SQLAlchemyError as error:
        return f"the database can't be reached ({type(error).__name__})"
    if revision is None:
        return "the database has no schema yet; run: oneoff migrate --direction up"
    if revision == apply.newest():
        return _restore_problem(engine)
    if revision in apply.known():
        return "the database's schema is old; run: oneoff migrate --direction up"
    with engine.execution_options(reading=True).connect() as connection:
        oldest = connection.scalar(sa.text("SELECT oldest_release FROM installation"))
    return _too_new(str(oldest))


def _restore_problem(engine: sa.Engine) -> str:
    with Session(engine.execution_options(reading=True)) as session:
        unfinished = backups.is_unfinished(session)
    return "a restore was cut off; repeat it: oneoff restore FILE --force" if unfinished else ""


def _too_new(oldest: str) -> str:
    def number(text: str) -> list[int]:
        return [int(part) for part in text.split(".") if part.isdigit()]

    if number(VERSION) >= number(oldest):
        return ""
    return f"the database belongs to a newer release; it needs {oldest} or later, this is {VERSION}"
