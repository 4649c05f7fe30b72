"""What receivers of webhooks are told of jobs and executions: nothing that may be secret."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.clock import now, to_wire
from app.domain.events import Event
from app.domain.specs import SPECS, Spec
from app.domain.specs.base import HIDDEN
from app.models import Execution, Job
from app.services import execution_views
from app.services.jobs import views

_CHUNK = 500
#: Output and what a start was given may hold secrets, and make a message large.
_LEFT_OUT = frozenset({"parameters", "output_tail", "output_truncated"})
_EXECUTION = tuple(c for c in execution_views.COLUMNS if c.key not in _LEFT_OUT)
_OPTIONAL = ("completed_at", "duration_ms", "exit_code", "error")


@dataclass(slots=True)
class Told:
    """The jobs and executions that some events are about, as receivers see them."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def project_of(self, event: Event) -> str | None:
        """Return the project of what an event is about; ``None`` if that is gone already."""
        job = self.jobs.get(getattr(event, "job_id", ""), {})
        project: str | None = getattr(event, "project_id", None) or job.get("project_id")
        return project

    def data(self, event: Event) -> dict[str, Any]:
        """Return the data of an event. Of what is gone already only the ids are left."""
        job_id, execution_id = (getattr(event, n, None) for n in ("job_id", "execution_id"))
        if job_id is None:
            return {"chain": asdict(event)}
        data = {"job": self.jobs.get(job_id, {"id": job_id})}
        if execution_id is not None:
            bare = {"id": execution_id, "job_id": job_id}
            data["execution"] = self.executions.get(execution_id, bare)
        return data


def load(session: Session, events: Iterable[Event]) -> Told:
    """Return what some events are about, in few queries."""
    told = Told()
    ids = {n: {getattr(e, n, None) for e in events} - {None} for n in ("job_id", "execution_id")}
    for chunk in _chunks(ids["job_id"]):
        for row in session.execute(sa.select(*views.COLUMNS).where(Job.id.in_(chunk))):
            told.jobs[row.id] = _job(row)
    for chunk in _chunks(ids["execution_id"]):
        query = sa.select(*_EXECUTION).join(Job).where(Execution.id.in_(chunk))
        for row in session.execute(query):
            told.executions[row.id] = _execution(row)
    return told


def text(name: str, data: dict[str, Any]) -> str:
    """Return the body of a delivery, as it is signed and sent."""
    body = {"event": name, "timestamp": to_wire(now()), "data": data}
    return orjson.dumps(body, default=to_wire, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()


def shown_config(kind: str, config: str) -> str:
    """Return a job's config as receivers see it; of a kind that is not there, only the names."""
    try:
        given = orjson.loads(config)
    except orjson.JSONDecodeError:  # an event must not fail because of what it is about
        return HIDDEN
    return orjson.dumps(SPECS.get(kind, Spec).shown(given)).decode()


def _job(row: Any) -> dict[str, Any]:
    found = {column.key: getattr(row, column.key) for column in views.COLUMNS}
    found["config"] = shown_config(row.type, row.config)
    return found


def _execution(row: Any) -> dict[str, Any]:
    found = {column.key: getattr(row, column.key) for column in _EXECUTION}
    usage = {name: found.pop(name) for name in ("cpu_seconds", "max_rss_bytes")}
    absent = {name for name in _OPTIONAL if found[name] is None}
    return {name: value for name, value in found.items() if name not in absent} | {"usage": usage}


def _chunks(ids: set[Any]) -> Iterator[Sequence[str]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
