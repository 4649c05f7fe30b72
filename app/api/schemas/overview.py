"""The first page on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import Schema
from app.api.schemas.fields import Id
from app.api.schemas.queues import QueueOut
from app.api.schemas.system import PauseOut, WorkerOut
from app.api.schemas.timeline import MomentOut, TimelineOut

KINDS = (
    *("failed", "timeout", "missed", "dead_letter"),
    *("late", "unserved", "idle_worker"),
)


def _count(description: str = "") -> ma.fields.Integer:
    described = {"description": description} if description else {}
    return ma.fields.Integer(required=True, metadata=described)


def _maybe(field: Any, description: str = "", **over: Any) -> Any:
    described = {"description": description} if description else {}
    return field(required=True, allow_none=True, metadata=described | over)


class OverviewQuery(Schema):
    """Of what the first page tells."""

    class Meta:
        unknown = ma.EXCLUDE

    project_id = Id(metadata={"description": "Of this project; left out: of all"})


class FiguresOut(Schema):
    """The figures of the first page."""

    running = _count("Executions at work")
    queued = _count("Executions due or queued, not started")
    oldest_wait_seconds = _maybe(ma.fields.Float, "Of all queues; none of a single project")
    completed_today = _count("Started today (UTC) and completed")
    completed_24h = _count("Started within 24 hours and completed")
    failed_24h = _count("Started within 24 hours and failed, timed out or a dead letter")
    success_rate_24h = _maybe(ma.fields.Float, "From 0 to 1; none if nothing was decided")
    success_rate_7d = _maybe(ma.fields.Float, "From 0 to 1, of what started within 7 days")
    start_lateness_p95_ms = _maybe(
        ma.fields.Integer, "95 % of the 200 latest starts came within so long of their moment"
    )
    scheduled = _count("Jobs that wait for their moment")
    paused = _count("Jobs that are paused")
    disabled = _count("Jobs that are disabled; at most 10,000 are counted")
    planned_next_hour = _count("Moments within an hour from now; at most 2,000 are counted")
    dead_letters = _count("Dead letters that wait for a person; at most 10,000 are counted")
    total_jobs = _count()
    total_executions = _count()


class HourOut(Schema):
    """An hour of the last day."""

    at = ma.fields.DateTime(required=True, metadata={"description": "Its beginning"})
    completed = _count()
    failed = _count()


class LookOut(Schema):
    """Something that needs a look; fields that say nothing of its kind are null."""

    kind = ma.fields.String(
        required=True,
        metadata={
            "enum": list(KINDS),
            "description": "late: what waits in a queue for over 5 minutes; unserved: nobody"
            " serves the queue; idle_worker: lives and takes no messages",
        },
    )
    job_id = _maybe(ma.fields.String)
    job_name = _maybe(ma.fields.String)
    type = _maybe(ma.fields.String)
    execution_id = _maybe(ma.fields.String, "The newest")
    number = _maybe(ma.fields.Integer)
    error = _maybe(ma.fields.String)
    error_code = _maybe(ma.fields.String)
    reason = _maybe(ma.fields.String, "Why it was missed")
    count = _maybe(ma.fields.Integer, "Executions, or moments that were missed")
    first_at = _maybe(ma.fields.DateTime)
    last_at = _maybe(ma.fields.DateTime)
    fingerprint = _maybe(ma.fields.String, "Of dead letters")
    queue = _maybe(ma.fields.String)
    worker = _maybe(ma.fields.String)


class LooksOut(Schema):
    """What needs a look."""

    items = ma.fields.List(ma.fields.Nested(LookOut), required=True)
    total = _count("Of all, also of those that are not told")
    error_groups = _count("Jobs and errors that ended badly within 24 hours and still stand")
    new_error_groups = _count("Those whose first was within the last hour")


class EndOut(Schema):
    """An execution as the first page shows it."""

    id = ma.fields.String(required=True)
    job_id = ma.fields.String(required=True)
    job_name = ma.fields.String(required=True)
    type = ma.fields.String(required=True, metadata={"description": "Of the job"})
    number = ma.fields.Integer(required=True)
    status = ma.fields.String(required=True)
    reason = _maybe(ma.fields.String)
    origin = ma.fields.String(required=True)
    actor = _maybe(ma.fields.String)
    attempt = ma.fields.Integer(required=True)
    started_at = _maybe(ma.fields.DateTime)
    completed_at = _maybe(ma.fields.DateTime)
    duration_ms = _maybe(ma.fields.Integer)
    exit_code = _maybe(ma.fields.Integer)
    error_code = _maybe(ma.fields.String)
    said = ma.fields.String(
        allow_none=True, metadata={"description": "The last line of its error or output"}
    )


class AtWorkOut(EndOut):
    """An execution at work."""

    usual_duration_ms = _maybe(
        ma.fields.Integer, "Median of those that completed of the 20 latest of its job"
    )
    p95_duration_ms = _maybe(ma.fields.Integer, "95 % of these took no longer")


class RunningOut(Schema):
    """What is at work, the longest first."""

    executions = ma.fields.List(ma.fields.Nested(AtWorkOut), required=True)
    total = _count()


class OverviewOut(Schema):
    """All that the first page shows; what one may not read is null."""

    pause = ma.fields.Nested(PauseOut, required=True)
    figures = ma.fields.Nested(FiguresOut, required=True)
    hours = ma.fields.List(ma.fields.Nested(HourOut), required=True)
    strip = ma.fields.Nested(TimelineOut, required=True)
    needs_a_look = ma.fields.Nested(LooksOut, required=True, allow_none=True)
    last_failure_at = _maybe(ma.fields.DateTime)
    running = ma.fields.Nested(RunningOut, required=True, allow_none=True)
    finished = ma.fields.List(ma.fields.Nested(EndOut), required=True, allow_none=True)
    up_next = ma.fields.List(ma.fields.Nested(MomentOut), required=True, allow_none=True)
    workers = ma.fields.List(ma.fields.Nested(WorkerOut), required=True)
    queues = ma.fields.List(ma.fields.Nested(QueueOut), required=True)
