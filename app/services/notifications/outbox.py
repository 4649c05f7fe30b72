"""The outbox: mails are written in the unit of work of the end that they tell of.

While e-mail is not configured nothing is written, and nothing counted. Else an end costs one query
for all ends of its unit of work; rows are written only if there is something to tell, or if a job
fails, or does so no longer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.db import after_commit
from app.domain.clock import now
from app.domain.events import Event, ExecutionEnded
from app.domain.ids import new_id
from app.domain.mail import letters, notices
from app.domain.mail.letters import Notice
from app.domain.mail.notices import Streak, Verdict
from app.models import Email, Execution, Job, JobStreak
from app.services.notifications import sending, server
from app.services.notifications.server import Known

_KEY = "mail_events"
_CHUNK = 500
_emails: Any = Email.__table__
_streaks: Any = JobStreak.__table__
_STREAK = ("failures", "is_alarmed", "alarmed_at", "mailed_at", "left_out")
_JOBS = (
    sa.select(Job.id, Job.name, Job.notify_emails, Job.notify_on, JobStreak.failures)
    .outerjoin(JobStreak, JobStreak.job_id == Job.id)
    .where(Job.id.in_(sa.bindparam("ids", expanding=True)))
)
_TOLD = (
    "status",
    "attempt",
    "started_at",
    "completed_at",
    "duration_ms",
    "exit_code",
    "error",
)
_EXECUTIONS = sa.select(
    Execution.id,
    *(getattr(Execution, name) for name in _TOLD),
    Execution.output_tail.label("output"),
).where(Execution.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class _End:
    """An end, what is told of it, and to whom."""

    event: ExecutionEnded
    job: Any
    kind: str
    recipients: Sequence[str]
    in_a_row: int
    left_out: int


def note(session: Session, event: Event) -> None:
    """React to an event: the last attempt of a due moment may be told of by e-mail."""
    if not isinstance(event, ExecutionEnded) or event.will_retry:
        return
    if server.known(session).is_on:
        session.info.setdefault(_KEY, []).append(event)


@sa.event.listens_for(Session, "before_commit")
def _write(session: Session) -> None:
    if session.in_nested_transaction():
        return
    events: list[ExecutionEnded] = session.info.pop(_KEY, [])
    for start in range(0, len(events), _CHUNK):
        write(session, events[start : start + _CHUNK])


def write(session: Session, events: Sequence[ExecutionEnded]) -> None:
    """Write the mails about some ends, and have them sent after the commit."""
    session.flush()
    found = session.execute(_JOBS, {"ids": sorted({event.job_id for event in events})})
    jobs = {row.id: row for row in found}
    # A success may come right after a failure, in the same unit of work.
    failing = {e.job_id for e in events if notices.end_of(e.status) == notices.FAILURE}
    relevant = [
        e
        for e in events
        if e.job_id in jobs and (e.job_id in failing or _concerns(jobs[e.job_id], e))
    ]
    if not relevant:
        return
    ends = list(_judged(session, relevant, jobs, server.known(session)))
    rows = list(_rows(session, ends)) if ends else []
    if rows:
        session.connection().execute(sa.insert(_emails), rows)
        after_commit(session, sending.ring)


def _concerns(job: Any, event: ExecutionEnded) -> bool:
    """Return whether an end may be told of, or changes what is remembered of its job."""
    wanted = job.notify_emails and notices.wants(job.notify_on, notices.end_of(event.status))
    return bool(job.failures or wanted)


def _judged(
    session: Session, events: Sequence[ExecutionEnded], jobs: Mapping[str, Any], known: Known
) -> Iterator[_End]:
    before = _locked_streaks(session, events, jobs)
    after = dict(before)
    for event in events:
        job, streak = jobs[event.job_id], after[event.job_id]
        after[event.job_id], verdict = notices.judge(streak, notices.end_of(event.status), now())
        in_a_row = max(streak.failures, after[event.job_id].failures)
        for kind, recipients in _addressed(job, verdict, known):
            if not recipients:
                continue
            yield _End(event, job, kind, recipients, in_a_row, verdict.left_out)
    _keep(session, {job_id: s for job_id, s in after.items() if s != before[job_id]})


def _locked_streaks(
    session: Session, events: Sequence[ExecutionEnded], jobs: Mapping[str, Any]
) -> dict[str, Streak]:
    """Return what is remembered of the jobs; those of which anything is stay locked."""
    failing = {e.job_id for e in events if notices.end_of(e.status) == notices.FAILURE}
    _begin(session, sorted(failing))
    touched = failing | {job_id for job_id, job in jobs.items() if job.failures}
    query = sa.select(_streaks).where(_streaks.c.job_id.in_(touched)).order_by(_streaks.c.job_id)
    rows = session.execute(query.with_for_update()) if touched else ()
    kept = {row.job_id: Streak(*(getattr(row, name) for name in _STREAK)) for row in rows}
    return {event.job_id: kept.get(event.job_id, Streak()) for event in events}


def _begin(session: Session, job_ids: Sequence[str]) -> None:
    """Make the rows of jobs that fail for the first time, so that they can be locked."""
    if job_ids:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        rows = [{"job_id": job_id, **asdict(Streak())} for job_id in job_ids]
        session.execute(dialect.insert(_streaks).on_conflict_do_nothing(), rows)


def _keep(session: Session, streaks: Mapping[str, Streak]) -> None:
    if not streaks:
        return
    changed = sa.update(_streaks).where(_streaks.c.job_id == sa.bindparam("of_job"))
    rows = [{"of_job": job_id, **asdict(streak)} for job_id, streak in sorted(streaks.items())]
    values: dict[str, Any] = {name: sa.bindparam(name) for name in _STREAK}
    session.connection().execute(changed.values(values), rows)


def _addressed(job: Any, verdict: Verdict, known: Known) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield what is told to whom; nobody gets two mails about one end."""
    own = job.notify_emails.split(",") if job.notify_emails else []
    alarmed: list[str] = []
    if verdict.alarm is not None:
        wanting = own if notices.wants(job.notify_on, verdict.alarm) else []
        alarmed = list({a.lower(): a for a in (*wanting, *known.alert_emails)}.values())
        yield verdict.alarm, alarmed
    if verdict.notice is not None and notices.wants(job.notify_on, verdict.notice):
        told = {address.lower() for address in alarmed}
        yield verdict.notice, [address for address in own if address.lower() not in told]


def _rows(session: Session, ends: Sequence[_End]) -> Iterator[dict[str, Any]]:
    ids = sorted({end.event.execution_id for end in ends})
    details = {row.id: row for row in session.execute(_EXECUTIONS, {"ids": ids})}
    known, moment = server.known(session), now()
    for end in ends:
        row = details.get(end.event.execution_id)
        if row is None:
            continue
        notice = Notice(
            kind=end.kind,
            job_id=end.job.id,
            job_name=end.job.name,
            execution_id=row.id,
            output=row.output,
            in_a_row=end.in_a_row,
            left_out=end.left_out,
            **{name: getattr(row, name) for name in _TOLD},
        )
        letter = letters.render(notice, known.language, known.public_url)
        for recipient in end.recipients:
            yield {
                "id": new_id(),
                "recipient": recipient,
                **asdict(letter),
                "kind": end.kind,
                "job_id": end.job.id,
                "execution_id": row.id,
                "status": sending.PENDING,
                "attempts": 0,
                "next_retry_at": moment,
                "give_up_at": moment + sending.GIVE_UP_AFTER,
                "created_at": moment,
            }
