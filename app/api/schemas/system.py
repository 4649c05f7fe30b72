"""The system, its workers and the job types on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, Schema
from app.api.schemas.fields import Text, at_most


def _count(description: str) -> ma.fields.Integer:
    return ma.fields.Integer(metadata={"description": description})


class PauseOut(Schema):
    """Whether the installation is paused."""

    paused = ma.fields.Boolean()
    paused_at = ma.fields.DateTime(allow_none=True)
    reason = ma.fields.String(allow_none=True)
    until = ma.fields.DateTime(allow_none=True)
    paused_by = ma.fields.String(allow_none=True)


class _SlotFields(Schema):
    total_workers = _count("Run slots of living workers")
    active_workers = _count("Run slots at work")
    idle_workers = _count("Run slots that wait for work")
    is_running = ma.fields.Boolean(metadata={"description": "Whether a worker lives"})


class SystemStatusOut(_SlotFields):
    """The figures of the whole system."""

    total_scheduled = _count("Jobs that wait for their moment")
    currently_running = _count("Jobs at work")
    completed_today = _count("Executions started today (UTC) that completed")
    failed_recent = _count("Executions started within 24 hours that failed or timed out")
    failing = ma.fields.Integer(
        allow_none=True,
        metadata={
            "description": "Jobs and errors that ended badly within 24 hours and still stand;"
            " null for who may not see executions"
        },
    )
    avg_duration_ms = ma.fields.Float(
        metadata={"description": "Mean duration of completed executions, of all time"}
    )
    queue_depth = _count("Executions due or queued, not started")
    total_jobs = _count("All jobs")
    total_executions = _count("All executions in the ledger")
    pause = ma.fields.Nested(PauseOut, metadata={"description": "Of the whole installation"})


class WorkersStatusOut(_SlotFields):
    """The run slots and what they do."""

    available_workers = _count("The same as idle_workers")
    queued_jobs = _count("Executions that wait for a slot")
    running_jobs = ma.fields.List(
        ma.fields.String(), metadata={"description": "Ids of the jobs at work"}
    )


class WorkerOut(Schema):
    """A worker process that lives."""

    id = ma.fields.String()
    host = ma.fields.String()
    pid = ma.fields.Integer()
    pool = ma.fields.String(metadata={"enum": ["prefork", "threads"]})
    queues = ma.fields.List(ma.fields.String(), metadata={"description": "The lanes it serves"})
    slots = _count("Executions that it can run at a time")
    slots_used = _count("Slots at work")
    consuming = ma.fields.Boolean(
        metadata={"description": "Whether it takes messages, and does not only live"}
    )
    drained = ma.fields.Boolean(
        metadata={"description": "Whether it takes no more work and only ends what runs"}
    )
    heartbeat_at = ma.fields.DateTime()
    running = ma.fields.List(
        ma.fields.String(), metadata={"description": "Ids of the executions at work"}
    )
    version = ma.fields.String()
    started_at = ma.fields.DateTime()


class LinksOut(Schema):
    """Where other tools of this installation are found."""

    trace_url = ma.fields.String(
        allow_none=True,
        metadata={"description": "Of a trace: {trace_id} in it stands for the trace's id"},
    )
    flower_url = ma.fields.String(allow_none=True)


class ConfigRow(Schema):
    """A value that can be changed at run time."""

    key = ma.fields.String()
    value = ma.fields.String(metadata={"description": "JSON text", "example": "30"})
    updated_at = ma.fields.DateTime(allow_none=True)
    locked = ma.fields.Boolean(
        metadata={"description": "Whether a flag or the environment of this start gives it"}
    )


class ConfigEdit(Schema):
    """One value to set."""

    key = Text(required=True, error_messages=MISSING, metadata={"example": "log_retention_days"})
    value = Text(
        at_most(1000),
        required=True,
        error_messages=MISSING,
        metadata={"description": "JSON text", "example": "30"},
    )


class Message(Schema):
    """What was done, in words."""

    message = ma.fields.String()


class JobTypeOut(Schema):
    """A kind of job."""

    type = ma.fields.String(metadata={"example": "shell"})
    title = ma.fields.String()
    description = ma.fields.String()
    schema = ma.fields.Dict(metadata={"description": "JSON Schema of its config"})


def whole(field: ma.fields.Field[Any], name: str) -> type[ma.Schema]:
    """Return the schema of an answer that holds a whole, short list."""
    return Schema.from_dict({"data": ma.fields.List(field, required=True)}, name=name)
