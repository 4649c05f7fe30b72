"""The wire form of system, workers and job types."""

from marshmallow import Schema, fields, validate


class SystemStatus(Schema):
    """The figures of the whole system."""

    total_scheduled = fields.Integer(metadata={"description": "Jobs that wait for their moment"})
    currently_running = fields.Integer(metadata={"description": "Jobs at work"})
    completed_today = fields.Integer(
        metadata={"description": "Executions started today (UTC) that completed"}
    )
    failed_recent = fields.Integer(
        metadata={"description": "Executions started within 24 hours that failed or timed out"}
    )
    avg_duration_ms = fields.Float(
        metadata={"description": "Mean duration of completed executions, of all time"}
    )
    queue_depth = fields.Integer(metadata={"description": "Executions due or queued, not started"})
    total_jobs = fields.Integer()
    total_executions = fields.Integer()
    is_running = fields.Boolean(metadata={"description": "Whether a worker lives"})
    total_workers = fields.Integer(metadata={"description": "Run slots of living workers"})
    active_workers = fields.Integer()
    idle_workers = fields.Integer()


class WorkersStatus(Schema):
    """The run slots and what they do."""

    total_workers = fields.Integer(metadata={"description": "Run slots of living workers"})
    active_workers = fields.Integer()
    available_workers = fields.Integer()
    idle_workers = fields.Integer()
    queued_jobs = fields.Integer()
    running_jobs = fields.List(fields.String(), metadata={"description": "Ids of jobs at work"})
    is_running = fields.Boolean()


class ConfigRow(Schema):
    """A value that can be changed at run time."""

    key = fields.String()
    value = fields.String(metadata={"description": "JSON text", "example": "30"})
    updated_at = fields.String(allow_none=True, metadata={"format": "date-time"})
    locked = fields.Boolean(
        metadata={"description": "Whether a flag or the environment of this start gives it"}
    )


class ConfigChange(Schema):
    """One value to set."""

    key = fields.String(required=True, metadata={"example": "log_retention_days"})
    value = fields.String(
        required=True,
        validate=validate.Length(max=1000),
        metadata={"description": "JSON text", "example": "30"},
    )


class Message(Schema):
    """What was done, in words."""

    message = fields.String()


class JobType(Schema):
    """A kind of job, with the JSON Schema of its config."""

    type = fields.String(metadata={"example": "shell"})
    title = fields.String()
    description = fields.String()
    schema = fields.Dict(metadata={"description": "JSON Schema (draft 2020-12)"})


class SystemStatusAnswer(Schema):
    """The system's figures."""

    data = fields.Nested(SystemStatus)


class WorkersStatusAnswer(Schema):
    """The workers' figures."""

    data = fields.Nested(WorkersStatus)


class ConfigAnswer(Schema):
    """All values, sorted by key."""

    data = fields.List(fields.Nested(ConfigRow))


class MessageAnswer(Schema):
    """What was done."""

    data = fields.Nested(Message)


class JobTypeNamesAnswer(Schema):
    """The names of all job types."""

    data = fields.List(fields.String(), metadata={"example": ["http", "shell"]})


class JobTypeAnswer(Schema):
    """One job type."""

    data = fields.Nested(JobType)


class JobTypesAnswer(Schema):
    """All job types."""

    data = fields.List(fields.Nested(JobType))
