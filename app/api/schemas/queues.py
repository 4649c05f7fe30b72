"""Run queues, pauses and the queue API on the wire."""

from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, DraftSchema, InputSchema, Schema
from app.api.schemas.fields import Id, Moment, ObjectOrText, Text, Whole, at_most
from app.api.schemas.jobs import queue_name
from app.domain import spans
from app.domain.names import clean_name

_LARGEST = 2**63 - 1
_REASON: dict[str, Any] = {"description": "Shown to whoever asks why nothing begins"}


class Rate(Text):
    """A rate such as ``10/1m``; yields its number and its seconds."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            return spans.rate(text)
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class Span(ma.fields.Raw):
    """A span of time, as a text such as ``5m`` or in whole seconds; yields seconds."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if type(value) is not int and not isinstance(value, str):
            raise ma.ValidationError("must be a span of time, such as 90, 90s, 5m or 1h30m")
        try:
            return spans.seconds(str(value))
        except ValueError as error:
            raise ma.ValidationError(str(error)) from None


class QueuePause(InputSchema):
    """Why a queue is paused."""

    empty_body = True

    reason = Text(at_most(1000), metadata=_REASON)


class SystemPause(QueuePause):
    """Why the installation is paused, and for how long."""

    until = Moment(metadata={"description": "When it ends by itself; default: by a resume"})


class QueueEdit(InputSchema):
    """What is to be changed of a queue; null takes a limit away."""

    clearable = frozenset({"limit", "rate"})

    limit = Whole(
        1,
        10_000,
        allow_none=True,
        metadata={"description": "Executions that run at a time, over all workers"},
    )
    rate = Rate(
        allow_none=True,
        metadata={
            "description": "Executions that begin in any such period, over all workers",
            "example": "10/1m",
        },
    )


class QueueOut(Schema):
    """A run queue."""

    name = ma.fields.String()
    depth = ma.fields.Integer(metadata={"description": "Executions that wait for a slot"})
    oldest_seconds = ma.fields.Float(
        allow_none=True, metadata={"description": "How long the first due of them has waited"}
    )
    held = ma.fields.Integer(
        metadata={"description": "Executions that wait for another of their job or key to end"}
    )
    running = ma.fields.Integer()
    workers = ma.fields.Integer(metadata={"description": "Workers that take work from it"})
    slots = ma.fields.Integer(metadata={"description": "Their run slots"})
    paused = ma.fields.Boolean()
    paused_at = ma.fields.DateTime(allow_none=True)
    paused_reason = ma.fields.String(allow_none=True)
    paused_by = ma.fields.String(allow_none=True)
    limit = ma.fields.Integer(allow_none=True)
    rate = ma.fields.String(allow_none=True, metadata={"example": "10/1m"})
    created_at = ma.fields.DateTime()


class Enqueue(DraftSchema):
    """Work for a queue. The payload's ``type`` is the type of job, without it ``claude``."""

    empty_is_absent = frozenset({"queue", "delay", "project_id", "name"})

    payload = ObjectOrText(
        required=True,
        error_messages=MISSING,
        metadata={
            "description": "The type of job and its config",
            "example": {"type": "shell", "script": "make report"},
        },
    )
    queue = Text(queue_name, metadata={"description": "The run queue; default: default"})
    priority = Whole(
        -_LARGEST,
        _LARGEST,
        metadata={
            "description": "Any number; it counts as 1 to 10, 10 goes first. The number itself "
            "is kept as raw_priority"
        },
    )
    delay = Span(metadata={"description": "Seconds, or a span such as 5m", "example": "5m"})
    max_attempts = Whole(1, 101, metadata={"description": "With the first; default: 5"})
    name = Text(clean_name)
    project_id = Id()


class StatsOut(Schema):
    """How many executions there are, by what people mean."""

    scheduled = ma.fields.Integer(metadata={"description": "Wait for their moment"})
    queued = ma.fields.Integer(metadata={"description": "Due, not started"})
    running = ma.fields.Integer(metadata={"description": "Started, not ended"})
    finished = ma.fields.Integer(metadata={"description": "Ended well"})
    failed = ma.fields.Integer(
        metadata={"description": "Ended badly: failed, timed out or a dead letter"}
    )
    cancelled = ma.fields.Integer()
    skipped = ma.fields.Integer()
