"""The kinds of jobs and the JSON Schemas of their configs."""

from typing import Any

from flask_smorest import Blueprint

from app.api.schemas.system import JobTypeAnswer, JobTypeNamesAnswer, JobTypesAnswer
from app.domain.errors import NotFound
from app.domain.specs import SPECS, Spec

blp = Blueprint("job-types", __name__, url_prefix="/api/job-types", description="Kinds of jobs")


@blp.get("")
@blp.doc(operationId="listJobTypes")
@blp.response(200, JobTypeNamesAnswer)
def list_job_types() -> dict[str, Any]:
    """List the names of all job types"""
    return {"data": sorted(SPECS)}


@blp.get("/schemas")
@blp.doc(operationId="listJobTypeSchemas")
@blp.response(200, JobTypesAnswer)
def list_job_type_schemas() -> dict[str, Any]:
    """List all job types with the schemas of their configs"""
    return {"data": [_described(SPECS[kind]) for kind in sorted(SPECS)]}


@blp.get("/<kind>")
@blp.doc(operationId="getJobType")
@blp.response(200, JobTypeAnswer)
@blp.alt_response(404, description="There is no such job type")
def get_job_type(kind: str) -> dict[str, Any]:
    """Get one job type with the schema of its config"""
    if kind not in SPECS:
        raise NotFound("job type not found")
    return {"data": _described(SPECS[kind])}


def _described(spec: type[Spec]) -> dict[str, Any]:
    return {
        "type": spec.kind,
        "title": spec.title,
        "description": spec.description,
        "schema": spec.model_json_schema(),
    }
