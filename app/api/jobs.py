"""Jobs over HTTP."""

from typing import Any

from flask import Response, current_app, request

from app.api import answers, errors, idempotent, waiting
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import MessageOut, envelope, listing
from app.api.schemas.fields import ME
from app.api.schemas.figures import JobStatsOut, StatsQuery
from app.api.schemas.jobs import (
    BulkJobs,
    BulkOut,
    Cancel,
    Clone,
    JobEdit,
    JobOut,
    NewJob,
    Start,
    StartedOut,
)
from app.api.schemas.many.job_lists import JobQuery
from app.api.schemas.tries import TriedOut, TryJob
from app.db import reading, transaction
from app.domain.errors import DomainError
from app.services import audit, jobs
from app.services.jobs import edits, figures, lists, starts, tries, views
from app.services.jobs.drafts import Draft
from app.settings import Settings

blp = Blueprint("jobs", __name__, url_prefix="/api/jobs", description="What to run, and when")

JobEnvelope = envelope(JobOut, "JobEnvelope")
MessageEnvelope = envelope(MessageOut, "MessageEnvelope")
_KEY = [idempotent.HEADER]
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": False,
    "description": "The version that was seen; if the job has another by now, the answer is 409",
    "schema": {"type": "string"},
}


@blp.get("")
@blp.arguments(JobQuery, location="query")
@blp.response(200, listing(JobOut, "JobList"))
def list_jobs(query: dict[str, Any]) -> Response:
    """List jobs"""
    filters, wanted = split(meant(query), lists.JobFilters)
    with reading() as session:
        return answers.listed(lists.page(session, filters, wanted))


def meant(query: dict[str, Any]) -> dict[str, Any]:
    """Return a query that names who asks instead of ``me``."""
    is_me = query.get("created_by") == ME
    return query | {"created_by": answers.actor()} if is_me else query


@blp.post("")
@blp.doc(parameters=_KEY)
@blp.arguments(NewJob)
@blp.response(201, JobEnvelope)
def create_job(draft: Draft) -> Response:
    """Make a job"""
    with transaction() as session:
        made = idempotent.once(
            session,
            lambda: {"data": jobs.create(session, draft, answers.actor(), _settings())},
        )
    return answers.job(made["data"], 201)


@blp.post("/bulk")
@blp.doc(parameters=_KEY)
@blp.arguments(BulkJobs)
@blp.response(200, BulkOut)
def create_jobs(drafts: list[Draft]) -> Response:
    """Make many jobs; each item succeeds or fails by itself"""
    with transaction() as session:
        made = idempotent.once(
            session,
            lambda: _results(jobs.create_many(session, drafts, answers.actor(), _settings())),
            status=200,
        )
    return answers.answer(made)


@blp.post("/try")
@blp.doc(parameters=_KEY)
@blp.arguments(TryJob)
@blp.response(201, envelope(TriedOut, "TriedEnvelope"))
def try_job(draft: Draft) -> Response:
    """Run once what a job is to do, before it is made"""
    with transaction() as session:
        started = idempotent.once(
            session,
            lambda: {"data": tries.start(session, draft, answers.actor(), _settings())},
        )
    return answers.data(started["data"], 201)


def _results(made: list[dict[str, Any] | DomainError]) -> dict[str, Any]:
    items = [
        {"index": index, "status": errors.status_of(one), "error": errors.body_of(one)}
        if isinstance(one, DomainError)
        else {"index": index, "status": 201, "data": one}
        for index, one in enumerate(made)
    ]
    created = sum(item["status"] == 201 for item in items)
    return {"data": items, "created": created, "failed": len(items) - created}


@blp.get("/<job_id>")
@blp.response(200, JobEnvelope)
def get_job(job_id: str) -> Response:
    """Return a job"""
    with reading() as session:
        return answers.job(views.one(session, jobs.get(session, job_id)))


@blp.get("/<job_id>/stats")
@blp.arguments(StatsQuery, location="query")
@blp.response(200, envelope(JobStatsOut, "JobStatsEnvelope"))
def get_job_stats(query: dict[str, Any], job_id: str) -> Response:
    """Tell how often a job went well, and how long it takes"""
    with reading() as session:
        job = jobs.get(session, job_id)
        return answers.data(figures.of_job(session, job, query["days"]))


@blp.route("/<job_id>", methods=["PATCH", "PUT"])
@blp.doc(parameters=[IF_MATCH])
@blp.arguments(JobEdit)
@blp.response(200, JobEnvelope)
def update_job(draft: Draft, job_id: str) -> Response:
    """Change a job while it is scheduled"""
    version = request.headers.get("If-Match")
    with transaction() as session:
        changed = edits.update(session, job_id, draft, answers.actor(), _settings(), version)
    return answers.job(changed)


@blp.delete("/<job_id>")
@blp.response(204)
def delete_job(job_id: str) -> Response:
    """Delete a job with its executions"""
    with transaction() as session:
        edits.delete(session, job_id)
    return Response(status=204)


@blp.post("/<job_id>/clone")
@blp.doc(parameters=_KEY)
@blp.arguments(Clone)
@blp.response(201, JobEnvelope)
def clone_job(wish: dict[str, Any], job_id: str) -> Response:
    """Make a job like another one"""
    with transaction() as session:
        made = idempotent.once(
            session,
            lambda: {"data": edits.clone(session, job_id, wish, answers.actor(), _settings())},
        )
    return answers.job(made["data"], 201)


@blp.post("/<job_id>/execute")
@blp.doc(parameters=_KEY)
@blp.arguments(Start, required=False)
@blp.response(200, envelope(StartedOut, "StartedEnvelope"))
def execute_job(given: dict[str, Any], job_id: str) -> Response:
    """Start a job now, whatever its schedule says"""
    seconds = given.pop("wait", 0)
    with transaction() as session:
        started = idempotent.once(
            session,
            lambda: {"data": _start(session, job_id, given)},
            status=200,
        )["data"]
    if seconds:
        started["execution"] = waiting.wait_for_end(started["execution_id"], seconds)
        started["status"] = started["execution"]["status"]
    return answers.data(started)


def _start(session: Any, job_id: str, given: dict[str, Any]) -> dict[str, Any]:
    job, active = edits.locked(session, job_id)
    started = starts.execute(session, job, active, given, answers.actor())
    audit.tell(execution_id=started["execution_id"])
    return {"message": "Job scheduled for immediate execution", **started}


@blp.post("/<job_id>/cancel")
@blp.arguments(Cancel, required=False)
@blp.response(200, MessageEnvelope)
def cancel_job(given: dict[str, Any], job_id: str) -> Response:
    """Cancel a job: at once if it waits, else by ending what runs"""
    with transaction() as session:
        job, active = edits.locked(session, job_id)
        starts.cancel(session, job, active, force=given.get("force", False))
    return answers.data({"message": "Job cancelled"})


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
