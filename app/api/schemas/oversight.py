"""The audit log and purges on the wire."""

import marshmallow as ma

from app.api.schemas.common import PageQuery, Schema
from app.api.schemas.fields import Choice, Id, QueryMoment, Text, at_most

_RESULTS = ("done", "denied", "failed")
_SHORT, _LONG = at_most(100), at_most(300)


class _Filters(Schema):
    """What narrows the audit log."""

    class Meta:
        unknown = ma.EXCLUDE

    actor = Text(_LONG, metadata={"example": "user:alice"})
    action = Text(_SHORT, metadata={"description": "Or its beginning", "example": "jobs."})
    target_kind = Text(_SHORT, metadata={"example": "job"})
    target_id = Id(metadata={"description": "What the deed was about: all that happened to it"})
    project_id = Id()
    result = Choice(*_RESULTS)
    address = Text(_SHORT)
    date_from = QueryMoment(data_key="from", metadata={"description": "At this moment or later"})
    date_to = QueryMoment(data_key="to", metadata={"description": "At this moment or earlier"})
    search = Text(_LONG, metadata={"description": "In actor, action, target and detail"})


class AuditQuery(PageQuery, _Filters):
    """Filters and page of the audit log."""

    class Meta:
        unknown = ma.EXCLUDE


class AuditExportQuery(_Filters):
    """Filters and form of an export."""

    format = Choice("jsonl", "csv", load_default="jsonl")


class AuditEntryOut(Schema):
    """A deed or a denial."""

    id = ma.fields.String()
    at = ma.fields.DateTime()
    actor = ma.fields.String(metadata={"example": "user:alice"})
    user_id = ma.fields.String(allow_none=True)
    key_id = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True, metadata={"description": "Where it came from"})
    action = ma.fields.String(metadata={"example": "jobs.update_job"})
    result = ma.fields.String(metadata={"enum": list(_RESULTS)})
    target_kind = ma.fields.String(allow_none=True)
    target_id = ma.fields.String(allow_none=True)
    target_name = ma.fields.String(allow_none=True)
    project_id = ma.fields.String(allow_none=True)
    detail = ma.fields.Dict(
        allow_none=True, metadata={"description": "What changed, before and after; or why not"}
    )
    trace_id = ma.fields.String(allow_none=True)
    sequence = ma.fields.Integer(
        allow_none=True, metadata={"description": "Its place in the chain, from 1, once sealed"}
    )
    hash = ma.fields.String(allow_none=True, metadata={"description": "SHA-256 of the chain here"})


class PurgeQuery(Schema):
    """Why something is purged."""

    class Meta:
        unknown = ma.EXCLUDE

    reason = Text(at_most(500), metadata={"description": "Kept in the audit log"})
