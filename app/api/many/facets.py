"""What lists can be narrowed to, over HTTP."""

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.many.facets import ExecutionFacetsOut, JobFacetsOut
from app.db import reading
from app.services import facets

blp = Blueprint("facets", __name__, url_prefix="/api", description="What lists hold")


@blp.get("/jobs/facets")
@blp.response(200, envelope(JobFacetsOut, "JobFacetsEnvelope"))
def get_job_facets() -> Response:
    """Count jobs by view, status and project"""
    with reading() as session:
        return answers.data(facets.of_jobs(session, answers.actor()))


@blp.get("/executions/facets")
@blp.response(200, envelope(ExecutionFacetsOut, "ExecutionFacetsEnvelope"))
def get_execution_facets() -> Response:
    """Count executions by status and project, and those of the last 24 hours by half hours"""
    with reading() as session:
        return answers.data(facets.of_executions(session))
