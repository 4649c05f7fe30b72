"""Jobs: making them, one or many, and finding them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from types import SimpleNamespace
from typing import Any, cast

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.domain.clock import now, to_wire
from app.domain.errors import Conflict, DomainError, NotFound
from app.domain.events import JobCreated
from app.domain.ids import new_id, normalise_id
from app.events import emit
from app.models import Job, JobVersion, Queue, Tag, job_tags
from app.services import audit, executions
from app.services.access import sight
from app.services.driver.inserts import Insert
from app.services.jobs import views
from app.services.jobs.drafts import Draft, Known, vet_new
from app.services.schedules import planning
from app.settings import Settings

MAX_BULK = 10_000
_CHUNK = 500
_JOBS, _VERSIONS, _TAGGED = map(Insert, (Job.__table__, JobVersion.__table__, job_tags))
_queues: Any = Queue.__table__
#: What a version of a job keeps: all that an edit can change.
_DEFINED = (
    "name",
    "type",
    "description",
    "scheduled_at",
    "priority",
    "project_id",
    "timezone",
    "enabled",
    "queue",
    "timeout_seconds",
    "on_lost",
    "overlap",
    "retry",
    "concurrency_key",
    "concurrency_limit",
    "external_id",
    "keep_last",
    "retention_days",
    "notify_emails",
    "notify_on",
    "schedule",
    "misfire",
    "misfire_limit",
    "misfire_grace_seconds",
    "auto_start",
)
_defined_of = attrgetter(*_DEFINED)

_TAKEN = "another job has this external_id"
#: Why a job that is not started by itself is paused.
NOT_STARTED = "waits to be started"
_AT_REST: dict[str, Any] = {
    "is_armed": False,
    "next_due_at": None,
    "anchor_at": None,
    "off_since": None,
    "fires": 0,
    "delay_seconds": None,
    "paused_at": None,
    "paused_until": None,
    "pause_reason": None,
    "source": None,
    "last_result": None,
    "last_ended_at": None,
}


@dataclass(slots=True)
class _Made:
    """A job that is about to be inserted, with all that belongs to it."""

    job: Job
    tags: list[Tag]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def view(self) -> dict[str, Any]:
        """Return the job as it goes on the wire."""
        return views.fresh(self.job, self.tags, self.rows)


def create(session: Session, draft: Draft, actor: str, settings: Settings) -> dict[str, Any]:
    """Make a job and its first execution; return the job as it goes on the wire."""
    known = Known(session, settings)
    values = vet_new(draft, known)
    refuse_taken(session, values["external_id"])
    made = _make(values, known, actor)
    _insert(session, [made], actor)
    return views.warned(session, made.view(), made.job)


def create_many(
    session: Session, drafts: Sequence[Draft], actor: str, settings: Settings
) -> list[dict[str, Any] | DomainError]:
    """Make all jobs whose drafts are valid; return the job, or what is wrong, for each draft."""
    known = Known(session, settings)
    taken = _taken(session, [d.values.get("external_id") for d in drafts])
    made: list[_Made] = []
    results: list[_Made | DomainError] = []
    for draft in drafts:
        try:
            values = vet_new(draft, known)
            _refuse_twin(values["external_id"], taken)
        except DomainError as error:
            results.append(error)
            continue
        made.append(_make(values, known, actor))
        results.append(made[-1])
    _insert(session, made, actor)
    return [r.view() if isinstance(r, _Made) else r for r in results]


def _make(values: dict[str, Any], known: Known, actor: str) -> _Made:
    tags = [tag for tag in known.tags(values.pop("tag_ids")).values() if tag is not None]
    config = orjson.dumps(values.pop("config")).decode()
    row = SimpleNamespace(
        **values,
        id=new_id(),
        config=config,
        status="scheduled",
        created_by=actor,
        version=1,
        last_number=0,
        fired_until=None,
        created_at=known.moment,
        updated_at=known.moment,
        **_AT_REST,
    )
    job = cast("Job", row)  # an object of the mapper costs ten times as much
    if not job.auto_start:
        job.status, job.paused_at, job.pause_reason = "paused", known.moment, NOT_STARTED
    if job.schedule:
        planning.arm(job, known.moment)
    return _Made(job, sorted(tags, key=lambda t: t.name), _first_rows(job, actor))


def _first_rows(job: Job, actor: str) -> list[dict[str, Any]]:
    """Return the first execution of a job that runs once; none while it may not run."""
    if not job.enabled or job.schedule or job.paused_at or job.scheduled_at is None:
        return []
    if job.scheduled_at <= now():
        return [executions.born(job, job.scheduled_at, "api", actor, status="queued")]
    return [executions.born(job, job.scheduled_at, "schedule", actor)]


def _insert(session: Session, made: Sequence[_Made], actor: str) -> None:
    if not made:
        return
    _JOBS.run(session, [vars(m.job) for m in made])
    _VERSIONS.run(session, [version_row(m.job, [t.id for t in m.tags], actor) for m in made])
    _TAGGED.run(session, [{"job_id": m.job.id, "tag_id": t.id} for m in made for t in m.tags])
    add_queues(session, {m.job.queue for m in made})
    executions.add(session, [row for m in made for row in m.rows])
    for one in made:
        emit(session, JobCreated(one.job.id))
    audit.made("job", [(one.job.id, one.job.name, one.job.project_id) for one in made])


def version_row(job: Job, tag_ids: Sequence[str], actor: str) -> dict[str, Any]:
    """Return the row that keeps a job as it stands now."""
    definition = dict(zip(_DEFINED, _defined_of(job), strict=True))
    definition |= {"config": orjson.loads(job.config), "tag_ids": sorted(tag_ids)}
    definition["schedule"] = orjson.loads(job.schedule) if job.schedule else None
    definition["retry"] = orjson.loads(job.retry) if job.retry else None
    text = orjson.dumps(definition, default=to_wire, option=orjson.OPT_PASSTHROUGH_DATETIME)
    return {
        "job_id": job.id,
        "version": job.version,
        "definition": text.decode(),
        "actor": actor,
        "via": audit.via(),
        "created_at": job.updated_at,
    }


def add_queues(session: Session, names: set[str]) -> None:
    """Make the run queues that have not been named before."""
    rows = [{"name": name, "created_at": now()} for name in sorted(names - {"default"})]
    if rows:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(dialect.insert(_queues).on_conflict_do_nothing(), rows)


def refuse_taken(session: Session, external_id: str | None, job_id: str = "") -> None:
    """Raise :class:`Conflict` if another job has this external id."""
    if external_id is None:
        return
    query = sa.select(Job.id).where(Job.external_id == external_id, Job.id != job_id)
    with sight.unlimited():
        is_taken = session.scalar(query) is not None
    if is_taken:
        other = session.scalar(query)
        raise Conflict(_TAKEN, {"job_id": other} if other else None)


@sight.unlimited()
def _taken(session: Session, external_ids: Sequence[str | None]) -> set[str]:
    wanted = [e for e in external_ids if e]
    found: set[str] = set()
    for start in range(0, len(wanted), _CHUNK):
        query = sa.select(Job.external_id).where(
            Job.external_id.in_(wanted[start : start + _CHUNK])
        )
        found.update(filter(None, session.scalars(query)))
    return found


def _refuse_twin(external_id: str | None, taken: set[str]) -> None:
    if external_id is not None:
        if external_id in taken:
            raise Conflict(_TAKEN)
        taken.add(external_id)


def get(session: Session, job_id: str) -> Job:
    """Return a job. Raises :class:`NotFound`."""
    job = find(session, job_id)
    if job is None:
        raise not_found()
    return job


def find(session: Session, job_id: str) -> Job | None:
    """Return a job by its id, with dashes or without, or ``None``."""
    known = normalise_id(job_id)
    return session.get(Job, known) if known else None


def not_found() -> NotFound:
    """Return the error for a job that is not there."""
    return NotFound("Job not found")
