"""Variables on the wire."""

from collections.abc import Mapping
from typing import Any

import marshmallow as ma

from app.api.schemas.common import MISSING, InputSchema, PageQuery, Schema
from app.api.schemas.fields import Choice, Flag, Id, Text, at_most
from app.domain.variables import GLOBAL, JOB, MAX_DESCRIPTION, PROJECT, clean_name

_SCOPE = {"description": "global, project or job; of one name that of the job counts first"}
_VALUE = {
    "type": "string",
    "description": "At most 64 KiB; of a sensitive variable every answer holds *** in its place",
}
_OWNERS = ("project_id", "job_id")


class _VariableFields(InputSchema):
    clearable = frozenset({"description"})

    # Judged by the service: what is wrong with a secret is said without showing it.
    value = ma.fields.Raw(metadata=_VALUE)
    is_sensitive = Flag(metadata={"description": "Stored encrypted, and never shown again"})
    description = Text(at_most(MAX_DESCRIPTION), allow_none=True)


class NewVariable(_VariableFields):
    """A variable to be made; ``scope`` may also be ``{"type": "job", "job_id": …}``."""

    name = Text(clean_name, required=True, error_messages=MISSING)
    scope = Choice(GLOBAL, PROJECT, JOB, metadata=_SCOPE)
    project_id = Id(metadata={"description": "Of the scope project"})
    job_id = Id(metadata={"description": "Of the scope job"})

    @ma.pre_load
    def _unfold_scope(self, data: Any, **_: Any) -> Any:
        scope = data.get("scope") if isinstance(data, dict) else None
        if not isinstance(scope, Mapping):
            return data
        unknown = scope.keys() - {"type", *_OWNERS}
        if unknown:
            raise ma.ValidationError(
                "has unknown fields; it takes type, project_id, job_id", "scope"
            )
        found = {name: scope[name] for name in _OWNERS if scope.get(name) is not None}
        return {**found, **data, "scope": scope.get("type")}


class VariableEdit(_VariableFields):
    """What is to be changed of a variable; its scope can't be."""

    name = Text(clean_name)


class VariableQuery(PageQuery):
    """Which variables are wanted."""

    scope = Choice(GLOBAL, PROJECT, JOB)
    project_id = Id()
    job_id = Id()
    search = Text(at_most(255), metadata={"description": "In names and descriptions"})
    sort_by = Choice("name", "updated_at")


class VariableOut(Schema):
    """A variable."""

    id = ma.fields.String()
    name = ma.fields.String()
    value = ma.fields.String(metadata={"description": "*** if it is sensitive"})
    value_truncated = ma.fields.Boolean(metadata={"description": "Lists hold its first 1024"})
    is_sensitive = ma.fields.Boolean()
    scope = ma.fields.String(metadata={"enum": [GLOBAL, PROJECT, JOB]})
    project_id = ma.fields.String(allow_none=True)
    job_id = ma.fields.String(allow_none=True)
    description = ma.fields.String(allow_none=True)
    created_by = ma.fields.String(allow_none=True)
    version = ma.fields.Integer()
    created_at = ma.fields.DateTime()
    updated_at = ma.fields.DateTime()


class JobVariableOut(VariableOut):
    """A variable that applies to a job."""

    overridden = ma.fields.Boolean(
        metadata={"description": "Another of this name is nearer to the job, and counts"}
    )


class JobVariablesOut(Schema):
    """The variables that apply to a job."""

    data = ma.fields.List(ma.fields.Nested(JobVariableOut), required=True)
