"""Revisions of jobs over HTTP."""

from typing import Any

from flask import Response, current_app, request

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.jobs import IF_MATCH, JobEnvelope
from app.api.schemas.common import envelope, listing
from app.api.schemas.revisions import RevisionDetailOut, RevisionOut, RevisionQuery
from app.db import reading, transaction
from app.services import jobs
from app.services.jobs import revisions

blp = Blueprint("revisions", __name__, url_prefix="/api/jobs", description="What jobs were before")


@blp.get("/<job_id>/revisions")
@blp.arguments(RevisionQuery, location="query")
@blp.response(200, listing(RevisionOut, "RevisionList"))
def list_revisions(query: dict[str, Any], job_id: str) -> Response:
    """List the revisions of a job, the newest first"""
    with reading() as session:
        job = jobs.get(session, job_id)
        return answers.listed(revisions.page(session, job, query["limit"], query["offset"]))


@blp.get("/<job_id>/revisions/<version>")
@blp.response(200, envelope(RevisionDetailOut, "RevisionEnvelope"))
def get_revision(job_id: str, version: str) -> Response:
    """Return a job as it was at a revision"""
    with reading() as session:
        return answers.data(revisions.one(session, jobs.get(session, job_id), version))


@blp.post("/<job_id>/revisions/<version>/restore")
@blp.doc(parameters=[IF_MATCH])
@blp.response(200, JobEnvelope)
def restore_revision(job_id: str, version: str) -> Response:
    """Make a job what it was at a revision; that is a new revision"""
    seen = request.headers.get("If-Match")
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        restored = revisions.restore(session, job_id, version, answers.actor(), settings, seen)
    return answers.job(restored)
