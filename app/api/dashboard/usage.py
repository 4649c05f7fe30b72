"""What executions and jobs take and use, over HTTP."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.usage import (
    DashboardOut,
    JobMetricsOut,
    JobMetricsQuery,
    SamplesOut,
    SamplesQuery,
)
from app.db import reading
from app.services import execution_lists, jobs, statistics
from app.services.usage import samples, views

blp = Blueprint("usage", __name__, url_prefix="/api", description="What is taken and used")


@blp.get("/executions/<execution_id>/metrics")
@blp.arguments(SamplesQuery, location="query")
@blp.response(200, SamplesOut)
def get_execution_metrics(query: dict[str, Any], execution_id: str) -> Response:
    """Return what an execution uses, about every two seconds"""
    with reading() as session:
        row = execution_lists.get(session, execution_id)
        found = samples.of_execution(session, row.id, query.get("after"))
        usage = samples.whole(session, row.id)
    return answers.answer({"data": found, "status": row.status, "usage": usage})


@blp.get("/jobs/<job_id>/metrics")
@blp.arguments(JobMetricsQuery, location="query")
@blp.response(200, envelope(JobMetricsOut, "JobMetricsEnvelope"))
def get_job_metrics(query: dict[str, Any], job_id: str) -> Response:
    """Return what a job's executions took and used, by the day or the hour"""
    with reading() as session:
        job = jobs.get(session, job_id)
        return answers.data(views.of_job(session, job.id, query["days"], query["bucket"]))


@blp.get("/dashboard/stats")
@blp.response(200, envelope(DashboardOut, "DashboardEnvelope"))
def get_dashboard_stats() -> Response:
    """Return the installation at a glance, from counters"""
    with reading() as session:
        return answers.data(statistics.dashboard(session))
