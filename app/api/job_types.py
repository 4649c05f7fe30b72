"""The kinds of jobs over HTTP, with the JSON Schemas of their configs."""

from typing import Any

import marshmallow as ma
from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.system import JobTypeOut, whole
from app.domain.errors import NotFound
from app.domain.specs import SPECS

blp = Blueprint("job-types", __name__, url_prefix="/api/job-types", description="Kinds of jobs")


@blp.get("")
@blp.response(200, whole(ma.fields.String(), "JobTypeNames"))
def list_job_types() -> Response:
    """List the names of all job types"""
    return answers.data(sorted(SPECS))


@blp.get("/schemas")
@blp.response(200, whole(ma.fields.Nested(JobTypeOut), "JobTypeList"))
def list_job_type_schemas() -> Response:
    """List all job types with the schemas of their configs"""
    return answers.data([_described(kind) for kind in sorted(SPECS)])


@blp.get("/<kind>")
@blp.response(200, envelope(JobTypeOut, "JobTypeEnvelope"))
def get_job_type(kind: str) -> Response:
    """Return a job type with the schema of its config"""
    return answers.data(_described(kind))


def _described(kind: str) -> dict[str, Any]:
    spec = SPECS.get(kind)
    if spec is None:
        raise NotFound("job type not found")
    return {
        "type": spec.kind,
        "title": spec.title,
        "description": spec.description,
        "schema": spec.model_json_schema(),
    }
