"""Jobs on the wire."""

import re
from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, NEW_OWNER, InputSchema, Schema, WordsOut
from app.api.schemas.executions import ExecutionOut
from app.api.schemas.fields import (
    Choice,
    Flag,
    Id,
    ObjectOrText,
    Text,
    Whole,
    at_most,
)
from app.api.schemas.figures import Standing
from app.api.schemas.mail import NoticeFields, NoticesOut
from app.api.schemas.retries import Retry, RetryOut
from app.api.schemas.tags import TagOut
from app.domain import concurrency
from app.domain.names import check_queue, clean_name
from app.domain.schedules.zones import check_zone
from app.domain.specs import SPECS
from app.domain.specs.base import MAX_TIMEOUT_SECONDS
from app.services.jobs import MAX_BULK
from app.services.jobs.drafts import RESERVED_QUEUES, Draft
from app.services.totals import JOB_STATUSES

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: How the executions of a job can have ended last.
RESULTS = ("completed", "failed", "cancelled")
MISFIRES = ("skip", "latest", "all")
MOMENT = {"description": 'RFC 3339 with a time zone, or "now"', "example": "2030-01-31T09:30:00Z"}
CONFIG = {"description": "The spec of the job's type, as an object or as the text of one"}
_CONCURRENCY_KEY = {
    "description": "Executions whose keys come out alike share concurrency_limit. "
    f"May name: {', '.join(concurrency.NAMES)}",
    "example": "tenant-{{project_id}}",
}


def queue_name(text: str) -> str:
    """Return the name of a run queue of jobs. Raises :class:`ValueError` if it can't be one."""
    if check_queue(text) in RESERVED_QUEUES:
        raise ValueError("is a queue of the system; choose another name")
    return text


class _JobFields(NoticeFields):
    """What a person may say of a job."""

    clearable = frozenset(
        {
            *("description", "timeout_seconds", "external_id", "keep_last", "retention_days"),
            *("schedule", "retry", "concurrency_key", "notify_emails"),
        }
    )
    empty_is_absent = frozenset(
        {"scheduled_at", "project_id", "timezone", "queue", "priority", "on_lost", "overlap"}
    )

    scheduled_at = Text(metadata=MOMENT)
    priority = Whole(
        0,
        10,
        "priority must be between 1 and 10",
        metadata={"description": "10 goes first; 0 means the default"},
    )
    project_id = Id()
    timezone = Text(check_zone, metadata={"description": "IANA name", "example": "Asia/Tokyo"})
    tag_ids = ma.fields.List(Id(), validate=ma.validate.Length(max=100))
    description = Text(at_most(10_000), allow_none=True)
    enabled = Flag()
    queue = Text(queue_name, metadata={"description": "The run queue; default: default"})
    timeout_seconds = Whole(1, MAX_TIMEOUT_SECONDS, allow_none=True)
    on_lost = Choice("fail", "retry")
    overlap = Choice("skip", "queue", "allow", "cancel_running")
    retry = Retry()
    concurrency_key = Text(concurrency.check, allow_none=True, metadata=_CONCURRENCY_KEY)
    concurrency_limit = Whole(
        1,
        concurrency.MOST,
        metadata={"description": "How many executions of one key may run at a time; default: 1"},
    )
    external_id = Text(at_most(255), allow_none=True, metadata={"description": "Unique"})
    keep_last = Whole(1, 1_000_000, allow_none=True)
    retention_days = Whole(1, 36_500, allow_none=True)
    schedule = ma.fields.Dict(
        keys=ma.fields.String(),
        allow_none=True,
        error_messages={"invalid": "must be an object with a type, such as cron"},
        metadata={
            "description": "once (the default), cron, fixed_rate, fixed_delay, calendar or manual",
            "example": {"type": "cron", "expression": "0 9 * * MON-FRI"},
        },
    )
    misfire = Choice(*MISFIRES, metadata={"description": "What makes up for missed moments"})
    misfire_limit = Whole(1, 1000, metadata={"description": "The most that all makes up for"})
    misfire_grace_seconds = Whole(
        1, 31 * 86_400, metadata={"description": "A moment fired later than this is missed"}
    )


class NewJob(_JobFields):
    """A job to be made. One of scheduled_at and immediate is needed."""

    name = Text(clean_name, required=True, error_messages=MISSING)
    type = Text(required=True, error_messages=MISSING, metadata={"enum": sorted(SPECS)})
    config = ObjectOrText(required=True, error_messages=MISSING, metadata=CONFIG)
    immediate = Flag(metadata={"description": 'The same as scheduled_at "now"'})
    auto_start = Flag(metadata={"description": "false: it is made paused, until it is started"})


class JobEdit(_JobFields):
    """What is to be changed of a job; what is not named stays."""

    name = Text(clean_name)
    type = Text(metadata={"description": "Can't be changed"})
    config = ObjectOrText(metadata=CONFIG)
    created_by = Text(at_most(255), metadata=NEW_OWNER)
    status = Choice(*JOB_STATUSES, metadata={"description": "cancelled cancels the job"})


#: Made once: that takes as long as to read a hundred items.
_NEW_JOB = NewJob()


class BulkJobs(Schema):
    """Jobs to be made, up to 10,000 in a call."""

    takes_list = True
    max_body_bytes = 64 * 1024**2

    jobs = ma.fields.List(ma.fields.Nested(NewJob), required=True)

    def load(self, data: Any, **_: Any) -> list[Draft]:
        """Return a draft for each item; a faulty item spoils no other."""
        items = data.get("jobs") if isinstance(data, dict) else data
        if not isinstance(items, list):
            raise ma.ValidationError({"jobs": ["must be a list of jobs"]})
        if isinstance(data, dict) and (extra := sorted(data.keys() - {"jobs"})):
            raise ma.ValidationError({name: ["unknown field"] for name in extra})
        if not 1 <= len(items) <= MAX_BULK:
            raise ma.ValidationError({"jobs": [f"must hold 1 to {MAX_BULK} jobs"]})
        return [_NEW_JOB.load(item) for item in items]


class Clone(InputSchema):
    """For when, and under which name, a copy is wanted."""

    scheduled_at = Text(metadata=MOMENT)
    name = Text(clean_name)


def _variables(given: dict[str, str]) -> None:
    for name in given:
        if not _VARIABLE.fullmatch(name):
            raise ma.ValidationError(f"{name[:100]!r} is no name of a variable")


class Start(InputSchema):
    """What this one execution is given."""

    empty_body = True

    env = ma.fields.Dict(Text(), Text(at_most(131_072)), validate=_variables)
    args = ma.fields.List(Text(at_most(131_072)), validate=ma.validate.Length(max=1000))
    body = Text(at_most(1_048_576))
    priority = Whole(
        1,
        10,
        "priority must be between 1 and 10",
        metadata={"description": "Of this execution and its retries. Default: the job's"},
    )
    skip_overlap = Flag(
        metadata={"description": "Run beside what is in progress, whatever the job's overlap says"}
    )
    wait = Whole(0, 300, metadata={"description": "Seconds to wait for the end"})


class Cancel(InputSchema):
    """How to cancel."""

    empty_body = True

    force = Flag(metadata={"description": "Kill at once instead of asking first"})


class RecentOut(Schema):
    """One of a job's latest executions."""

    id = ma.fields.String()
    status = ma.fields.String()
    duration_ms = ma.fields.Integer(allow_none=True)


class LastOut(RecentOut):
    """A job's newest execution."""

    number = ma.fields.Integer()
    attempt = ma.fields.Integer()
    origin = ma.fields.String()
    started_at = ma.fields.DateTime(allow_none=True)
    completed_at = ma.fields.DateTime()
    exit_code = ma.fields.Integer()
    error = ma.fields.String()


class JobOut(Standing, NoticesOut):
    """A job."""

    id = ma.fields.String()
    name = ma.fields.String()
    description = ma.fields.String(allow_none=True)
    type = ma.fields.String()
    config = ma.fields.String(metadata={"description": "JSON text of the spec"})
    spec = ma.fields.Dict(metadata={"description": "The same as an object"})
    scheduled_at = ma.fields.DateTime(allow_none=True)
    next_due_at = ma.fields.DateTime(allow_none=True)
    priority = ma.fields.Integer()
    raw_priority = ma.fields.Integer(
        allow_none=True, metadata={"description": "What the queue API was given"}
    )
    project_id = ma.fields.String()
    timezone = ma.fields.String()
    status = ma.fields.String(metadata={"enum": list(JOB_STATUSES)})
    enabled = ma.fields.Boolean()
    queue = ma.fields.String()
    timeout_seconds = ma.fields.Integer(allow_none=True)
    on_lost = ma.fields.String()
    overlap = ma.fields.String()
    retry = ma.fields.Nested(RetryOut, allow_none=True)
    concurrency_key = ma.fields.String(allow_none=True)
    concurrency_limit = ma.fields.Integer()
    external_id = ma.fields.String(allow_none=True)
    keep_last = ma.fields.Integer(allow_none=True)
    retention_days = ma.fields.Integer(allow_none=True)
    schedule = ma.fields.Dict(metadata={"description": "When it runs"})
    schedule_words = ma.fields.Nested(
        WordsOut, allow_none=True, metadata={"description": "The same in words; null: once"}
    )
    misfire = ma.fields.String()
    misfire_limit = ma.fields.Integer()
    misfire_grace_seconds = ma.fields.Integer()
    auto_start = ma.fields.Boolean()
    paused_at = ma.fields.DateTime(allow_none=True)
    paused_until = ma.fields.DateTime(allow_none=True)
    pause_reason = ma.fields.String(allow_none=True)
    created_by = ma.fields.String(allow_none=True)
    version = ma.fields.Integer(metadata={"description": "Grows with each edit; also the ETag"})
    last_result = ma.fields.String(
        allow_none=True, metadata={"enum": list(RESULTS), "description": "How it ended last"}
    )
    last_ended_at = ma.fields.DateTime(allow_none=True)
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()
    last_execution = ma.fields.Nested(LastOut, allow_none=True)
    recent = ma.fields.List(ma.fields.Nested(RecentOut))
    usual_duration_ms = ma.fields.Integer(allow_none=True)
    tags = ma.fields.List(ma.fields.Nested(TagOut), metadata={"description": "Left out if none"})
    warnings = ma.fields.List(
        ma.fields.String(),
        metadata={"description": "Made or changed: what may not be meant; left out if none"},
    )


class BulkResult(Schema):
    """What became of one item."""

    index = ma.fields.Integer()
    status = ma.fields.Integer(metadata={"description": "201, 400 or 409"})
    data = ma.fields.Nested(JobOut)
    error = ma.fields.Dict()


class BulkOut(Schema):
    """What became of all items, in their order."""

    data = ma.fields.List(ma.fields.Nested(BulkResult), required=True)
    created = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(required=True)


class StartedOut(Schema):
    """A start by hand."""

    message = ma.fields.String()
    execution_id = ma.fields.String()
    status = ma.fields.String()
    execution = ma.fields.Nested(ExecutionOut, metadata={"description": "With wait"})
