"""Executions on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import InputSchema, PageQuery, Schema
from app.api.schemas.fields import (
    Choice,
    Id,
    QueryFlag,
    QueryMoment,
    QueryWhole,
    Several,
    Text,
    at_most,
)
from app.domain import execution_state as state
from app.services import logs

_ORIGINS = ("api", "manual", "schedule", "chain", "trigger", "replay", "catchup")
_STATUSES = sorted({*state.STATUSES, *state.ALIASES})


class _Status(Text):
    """A status or a word that stands for some; yields what it stands for."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        meant = state.meant_by(super()._deserialize(value, attr, data, **kwargs))
        if meant is None:
            raise ma.ValidationError(f"must be one of: {', '.join(_STATUSES)}")
        return meant


class ExecutionFilter(Schema):
    """What narrows a list of executions."""

    job_id = Id()
    status = Several(
        _Status(metadata={"enum": _STATUSES}),
        metadata={"description": "Several: any of them. Without it: what has started"},
    )
    include = Choice("all", metadata={"description": "Also what has not started"})
    project_id = Several(Id())
    tag_id = Several(Id())
    date_from = QueryMoment(metadata={"description": "Earliest started_at"})
    date_to = QueryMoment(metadata={"description": "Latest started_at"})
    origin = Several(Choice(*_ORIGINS))
    worker = Several(Text(at_most(255)))
    queue = Several(Text(at_most(255)))
    error_code = Several(Text(at_most(64)), metadata={"description": "Such as EXIT_CODE"})
    duration_from = QueryWhole(0, 2**53, metadata={"description": "Milliseconds it took at least"})


class ExecutionQuery(PageQuery, ExecutionFilter):
    """Filters and order of a list of executions."""

    usual = QueryFlag(metadata={"description": "true: also what their jobs usually take"})
    sort_by = Choice("started_at", "duration_ms")


class LogQuery(Schema):
    """Which lines are wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    after = QueryWhole(0, 2**53, load_default=0, metadata={"description": "The last number known"})
    limit = QueryWhole(1, logs.MAX_LIMIT, load_default=logs.DEFAULT_LIMIT)


class UsageOut(Schema):
    """What an execution used."""

    cpu_seconds = ma.fields.Float(allow_none=True)
    max_rss_bytes = ma.fields.Integer(allow_none=True)


class ExecutionOut(Schema):
    """One attempt to run a job."""

    id = ma.fields.String()
    root_execution_id = ma.fields.String(metadata={"description": "Of its first attempt"})
    parent_execution_id = ma.fields.String(allow_none=True)
    job_id = ma.fields.String()
    job_name = ma.fields.String()
    job_version = ma.fields.Integer(allow_none=True)
    number = ma.fields.Integer(metadata={"description": "Counts per job, from 1"})
    status = ma.fields.String(metadata={"enum": list(state.STATUSES)})
    attempt = ma.fields.Integer()
    origin = ma.fields.String(metadata={"enum": list(_ORIGINS)})
    actor = ma.fields.String(allow_none=True)
    parameters = ma.fields.Dict(allow_none=True, metadata={"description": "Values are masked"})
    blocked_on = ma.fields.String(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    reason_code = ma.fields.String(
        allow_none=True, metadata={"description": "What a reason says; null in free words"}
    )
    reason_params = ma.fields.Dict(metadata={"description": "The values in a reason"})
    due_at = ma.fields.DateTime()
    due_until = ma.fields.DateTime(metadata={"description": "The last, if it stands for several"})
    moments = ma.fields.Integer(metadata={"description": "How many moments it stands for"})
    catches_up_id = ma.fields.String(metadata={"description": "The missed one it makes up for"})
    run_at = ma.fields.DateTime()
    queued_at = ma.fields.DateTime(allow_none=True)
    started_at = ma.fields.DateTime(allow_none=True)
    completed_at = ma.fields.DateTime()
    duration_ms = ma.fields.Integer()
    lateness_ms = ma.fields.Integer(allow_none=True)
    usual_duration_ms = ma.fields.Integer(
        allow_none=True, metadata={"description": "Median of its job's latest. With usual=true"}
    )
    p95_duration_ms = ma.fields.Integer(
        allow_none=True,
        metadata={"description": "What 95 of 100 of those took at most. With usual=true"},
    )
    exit_code = ma.fields.Integer()
    error = ma.fields.String()
    error_code = ma.fields.String(allow_none=True)
    retries = ma.fields.Integer(metadata={"description": "Of the job's policy, used so far"})
    fingerprint = ma.fields.String(metadata={"description": "Of a dead letter's error"})
    discarded_at = ma.fields.DateTime()
    replay_of = ma.fields.String(metadata={"description": "The execution that this repeats"})
    replayed_by = ma.fields.String(metadata={"description": "The first one that repeats this"})
    output = ma.fields.String(metadata={"description": "Its end: 16 KiB in lists, else 1 MiB"})
    output_truncated = ma.fields.Boolean()
    output_purged_at = ma.fields.DateTime(
        metadata={"description": "When a person removed on purpose what it had printed"}
    )
    output_purged_by = ma.fields.String(metadata={"description": "Who did"})
    worker = ma.fields.String(allow_none=True)
    queue = ma.fields.String()
    priority = ma.fields.Integer()
    chain_run_id = ma.fields.String(allow_none=True)
    link_index = ma.fields.Integer(
        allow_none=True, metadata={"description": "Which link of its chain run it is, from 1"}
    )
    trace_id = ma.fields.String(
        metadata={"description": "Of the trace that it belongs to: its request's, if one asked"}
    )
    usage = ma.fields.Nested(UsageOut)
    queue_position = ma.fields.Integer(
        allow_none=True,
        metadata={"description": "1 is next, 1000 all further back. In the detail, while it waits"},
    )
    expected_start_at = ma.fields.DateTime(
        allow_none=True,
        metadata={"description": "A guess, where there can be one. In the detail, while it waits"},
    )
    created_at = ma.fields.DateTime()


class LineOut(Schema):
    """A line of output."""

    number = ma.fields.Integer()
    stream = ma.fields.String(metadata={"enum": ["stdout", "stderr", "system"]})
    time = ma.fields.DateTime()
    text = ma.fields.String()


class LogOut(Schema):
    """Lines of output."""

    data = ma.fields.List(ma.fields.Nested(LineOut), required=True)
    status = ma.fields.String(
        required=True,
        metadata={
            "enum": list(state.STATUSES),
            "description": "Of the execution at this moment: if it is final and data is empty, "
            "no line will come any more",
        },
    )


class StopQuery(InputSchema):
    """How to cancel, said in the address."""

    class Meta:
        unknown = ma.EXCLUDE

    force = QueryFlag()
