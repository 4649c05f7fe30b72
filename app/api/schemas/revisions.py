"""Revisions of jobs on the wire."""

import marshmallow as ma

from app.api.schemas.common import Schema
from app.api.schemas.fields import QueryWhole


class RevisionQuery(Schema):
    """Which page of the list is wanted."""

    class Meta:
        unknown = ma.EXCLUDE

    limit = QueryWhole(1, 200, load_default=50)
    offset = QueryWhole(0, 10**9, load_default=0)


class RevisionOut(Schema):
    """What an edit made of a job; executions name the revision they ran as ``job_version``."""

    version = ma.fields.Integer(required=True)
    actor = ma.fields.String(allow_none=True, required=True)
    via = ma.fields.String(
        allow_none=True,
        required=True,
        metadata={"enum": ["page", "api", "import"], "description": "null: nobody knows any more"},
    )
    created_at = ma.fields.DateTime(required=True)
    changed = ma.fields.List(
        ma.fields.String(),
        allow_none=True,
        required=True,
        metadata={"description": "What differs from the one before; null if there is none"},
    )


class RevisionDetailOut(RevisionOut):
    """A revision with all that it says."""

    definition = ma.fields.Dict(
        required=True, metadata={"description": "The job as it was, in the fields of an edit"}
    )
