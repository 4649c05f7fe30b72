"""Doing the same to all that a filter lets through, over HTTP.

A route for each act, so that each needs the permission that doing it to one of them needs.
"""

from typing import Any

from flask import Response, current_app

from app.api import answers, idempotent
from app.api import executions as executions_api
from app.api import jobs as jobs_api
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import envelope
from app.api.schemas.many.bulk import (
    CancelExecutions,
    CancelJobs,
    EditJobs,
    Executions,
    GoneOn,
    Jobs,
    PauseJobs,
    ResumeJobs,
)
from app.domain.clock import now
from app.services import audit, bulk, idempotency
from app.services.bulk import executions, jobs
from app.services.execution_lists import ExecutionFilters
from app.services.jobs.lists import JobFilters

blp = Blueprint("bulk", __name__, url_prefix="/api", description="The same for many")

_KEY = [idempotent.HEADER]
GoneOnEnvelope = envelope(GoneOn, "BulkEnvelope")


@blp.post("/jobs/bulk/run")
@blp.doc(parameters=_KEY)
@blp.arguments(Jobs)
@blp.response(200, GoneOnEnvelope)
def run_jobs(wish: dict[str, Any]) -> Response:
    """Start all jobs that a filter lets through"""
    return _jobs(wish, jobs.run(answers.actor()))


@blp.post("/jobs/bulk/pause")
@blp.doc(parameters=_KEY)
@blp.arguments(PauseJobs)
@blp.response(200, GoneOnEnvelope)
def pause_jobs(wish: dict[str, Any]) -> Response:
    """Pause all jobs that a filter lets through"""
    return _jobs(wish, jobs.pause(wish.get("reason"), wish.get("until")))


@blp.post("/jobs/bulk/resume")
@blp.doc(parameters=_KEY)
@blp.arguments(ResumeJobs)
@blp.response(200, GoneOnEnvelope)
def resume_jobs(wish: dict[str, Any]) -> Response:
    """Let all paused jobs go on that a filter lets through"""
    return _jobs(wish, jobs.resume(answers.actor(), wish.get("missed")))


@blp.post("/jobs/bulk/edit")
@blp.doc(parameters=_KEY)
@blp.arguments(EditJobs)
@blp.response(200, GoneOnEnvelope)
def edit_jobs(wish: dict[str, Any]) -> Response:
    """Enable, disable, tag or move all jobs that a filter lets through, or set their priority"""
    change, _ = split(wish, jobs.Change)
    settings = current_app.config["SETTINGS"]
    return _jobs(wish, jobs.change(change, answers.actor(), settings))


@blp.post("/jobs/bulk/cancel")
@blp.doc(parameters=_KEY)
@blp.arguments(CancelJobs)
@blp.response(200, GoneOnEnvelope)
def cancel_jobs(wish: dict[str, Any]) -> Response:
    """Cancel all jobs that a filter lets through"""
    return _jobs(wish, jobs.cancel(force=wish.get("force", False)))


@blp.post("/jobs/bulk/delete")
@blp.doc(parameters=_KEY)
@blp.arguments(Jobs)
@blp.response(200, GoneOnEnvelope)
def delete_jobs(wish: dict[str, Any]) -> Response:
    """Delete all jobs that a filter lets through, with their executions"""
    return _jobs(wish, jobs.delete())


@blp.post("/executions/bulk/cancel")
@blp.doc(parameters=_KEY)
@blp.arguments(CancelExecutions)
@blp.response(200, GoneOnEnvelope)
def cancel_executions(wish: dict[str, Any]) -> Response:
    """Cancel all executions that a filter lets through"""
    return _executions(wish, executions.cancel(force=wish.get("force", False)))


@blp.post("/executions/bulk/replay")
@blp.doc(parameters=_KEY)
@blp.arguments(Executions)
@blp.response(200, GoneOnEnvelope)
def replay_executions(wish: dict[str, Any]) -> Response:
    """Run again all executions that a filter lets through and that ended badly"""
    return _executions(wish, executions.replay(answers.actor()))


def _jobs(wish: dict[str, Any], act: bulk.Act) -> Response:
    given = jobs_api.meant(wish["filter"])
    filters, _ = split(given, JobFilters)
    bound = wish.get("created_before") or now()
    return _went(wish, act, jobs.within(filters, bound), bound)


def _executions(wish: dict[str, Any], act: bulk.Act) -> Response:
    filters, _ = split(executions_api.meant(wish["filter"]), ExecutionFilters)
    bound = wish.get("created_before") or now()
    return _went(wish, act, executions.within(filters, bound), bound)


def _went(wish: dict[str, Any], act: bulk.Act, filters: Any, bound: Any) -> Response:
    is_dry = wish.get("dry_run", False)
    audit.tell(filter=wish["filter"], dry_run=is_dry)
    if is_dry:
        return answers.data(bulk.try_out(act, bulk.Wish(filters)) | {"created_before": bound})

    def go_on(once: idempotency.Request | None) -> dict[str, Any]:
        meant = bulk.Wish(filters, wish["limit"], wish.get("cursor"), once)
        return bulk.go_on(act, meant) | {"created_before": bound}

    return answers.data(idempotent.of_many(go_on))
