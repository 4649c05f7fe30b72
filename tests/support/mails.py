"""E-mail in tests: having it on, ends of executions, and what was written."""

from contextlib import contextmanager

import sqlalchemy as sa

from app import db
from app.domain.events import ExecutionEnded
from app.events import emit
from app.models import Email, Job, JobStreak
from app.services.notifications import server
from app.settings import Settings
from tests.support.rows import make_execution, make_job

ANN, BOB = "ann@example.com", "bob@example.com"


@contextmanager
def configured(**settings):
    """Have e-mail on in this process, as a start with these settings would."""
    given = {"smtp_server": "127.0.0.1", "smtp_from": "jobs@example.com", "smtp_security": "none"}
    values = given | settings
    started = Settings(**values, given=frozenset(values))
    server.configure(started)
    try:
        yield started
    finally:
        server.configure(Settings())


def a_job(emails=ANN, on="failure", **over):
    """Make a job that writes to somebody; return its id."""
    with db.transaction() as session:
        return make_job(session, notify_emails=emails, notify_on=on, **over).id


def end(job_id, *statuses, will_retry=False, **over):
    """Let executions of a job end, each in a unit of work of its own; return the last's id."""
    row_id = ""
    for status in statuses:
        with db.transaction() as session:
            row_id = make_execution(session, session.get_one(Job, job_id), status, **over)
            emit(session, ExecutionEnded(row_id, job_id, status, will_retry))
    return row_id


def mails(**where):
    """Return the rows of mails, the oldest first."""
    with db.reading() as session:
        query = sa.select(Email).filter_by(**where).order_by(Email.created_at, Email.recipient)
        return list(session.scalars(query))


def streak(job_id):
    """Return what is remembered of a job."""
    with db.reading() as session:
        return session.get(JobStreak, job_id)


def make_due(**where):
    """Have mails that wait be due now."""
    with db.transaction() as session:
        values = {"next_retry_at": db.db_now(-1)}
        session.execute(sa.update(Email).filter_by(status="pending", **where).values(values))
