"""What lists can be narrowed to, on the wire."""

import marshmallow as ma

from app.api.schemas.common import Schema


class LabelOut(Schema):
    """A project or a tag."""

    id = ma.fields.String(required=True)
    name = ma.fields.String(required=True)
    color = ma.fields.String(allow_none=True)
    count = ma.fields.Integer(metadata={"description": "How many are in it; not of tags"})


class _FacetsOut(Schema):
    statuses = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Integer(), required=True)
    projects = ma.fields.List(ma.fields.Nested(LabelOut), required=True)
    tags = ma.fields.List(ma.fields.Nested(LabelOut), required=True)


class JobViewsOut(Schema):
    """How many jobs each view of the list holds."""

    all = ma.fields.Integer(required=True)
    failing = ma.fields.Integer(required=True, metadata={"description": "They failed last"})
    running = ma.fields.Integer(required=True)
    resting = ma.fields.Integer(required=True, metadata={"description": "Paused or off"})
    due = ma.fields.Integer(required=True, metadata={"description": "Within the next hour"})
    mine = ma.fields.Integer(required=True)


class JobFacetsOut(_FacetsOut):
    """How many jobs there are of each kind."""

    views = ma.fields.Nested(JobViewsOut, required=True)
    capped = ma.fields.List(
        ma.fields.String(),
        required=True,
        metadata={"description": "Views that hold more than is said"},
    )


class HalfHourOut(Schema):
    """How what started in a stretch of time ended."""

    at = ma.fields.DateTime(required=True)
    completed = ma.fields.Integer(required=True)
    failed = ma.fields.Integer(required=True)
    timeout = ma.fields.Integer(required=True)
    dead_letter = ma.fields.Integer(required=True)
    cancelled = ma.fields.Integer(required=True)


class ExecutionFacetsOut(_FacetsOut):
    """How many executions there are of each kind, and how the last 24 hours went."""

    hours = ma.fields.List(ma.fields.Nested(HalfHourOut), required=True)
    bucket_seconds = ma.fields.Integer(required=True)
