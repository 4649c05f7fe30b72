"""Why something ran, was late or did not run, over HTTP."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.lifecycle import WhyOut, WhyQuery
from app.db import reading
from app.domain.clock import now
from app.services import execution_lists, jobs
from app.services.schedules import why

blp = Blueprint("why", __name__, url_prefix="/api", description="The decisions behind executions")

WhyEnvelope = envelope(WhyOut, "WhyEnvelope")


@blp.get("/executions/<execution_id>/why")
@blp.response(200, WhyEnvelope)
def why_execution(execution_id: str) -> Response:
    """Tell why an execution ran, was late or did not run"""
    with reading() as session:
        row = execution_lists.get(session, execution_id)
        return answers.data(why.of_execution(session, row))


@blp.get("/jobs/<job_id>/why")
@blp.arguments(WhyQuery, location="query")
@blp.response(200, WhyEnvelope)
def why_moment(query: dict[str, Any], job_id: str) -> Response:
    """Tell why a job ran at a moment, or did not"""
    with reading() as session:
        job = jobs.get(session, job_id)
        return answers.data(why.of_moment(session, job, query.get("at") or now()))
