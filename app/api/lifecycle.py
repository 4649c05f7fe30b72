"""Putting jobs to work and to rest, over HTTP."""

from datetime import datetime
from typing import Any

from flask import Response, current_app

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.schemas.common import MessageOut, envelope
from app.api.schemas.jobs import Cancel, JobOut, StartedOut
from app.api.schemas.lifecycle import NextOut, NextQuery, Pause, Reschedule, Resume
from app.db import reading, transaction
from app.services import jobs
from app.services.jobs import coming, edits, lifecycle, starts, views
from app.services.jobs.drafts import Draft

blp = Blueprint("lifecycle", __name__, url_prefix="/api/jobs", description="Jobs at work or rest")

JobEnvelope = envelope(JobOut, "ChangedJobEnvelope")


@blp.post("/<job_id>/pause")
@blp.arguments(Pause, required=False)
@blp.response(200, JobEnvelope)
def pause_job(wish: dict[str, Any], job_id: str) -> Response:
    """Pause a job: nothing of it begins but what is started by hand"""
    with transaction() as session:
        job, active = edits.locked(session, job_id)
        lifecycle.pause(session, job, active, wish.get("reason"), wish.get("until"))
        return _shown(session, job)


@blp.post("/<job_id>/resume")
@blp.arguments(Resume, required=False)
@blp.response(200, JobEnvelope)
def resume_job(wish: dict[str, Any], job_id: str) -> Response:
    """Let a paused job go on; say what makes up for the moments that passed"""
    with transaction() as session:
        job, _ = edits.locked(session, job_id)
        lifecycle.resume(session, job, answers.actor(), wish.get("missed"))
        return _shown(session, job)


@blp.post("/<job_id>/start")
@blp.doc(parameters=[idempotent.HEADER])
@blp.response(200, envelope(StartedOut, "StartedJobEnvelope"))
def start_job(job_id: str) -> Response:
    """Put a job to work that waits to be started, was stopped or has ended"""
    with transaction() as session:
        answer = idempotent.once(session, lambda: {"data": _start(session, job_id)}, status=200)
    return answers.data(answer["data"])


def _start(session: Any, job_id: str) -> dict[str, Any]:
    job, active = edits.locked(session, job_id)
    started = lifecycle.start(session, job, active, answers.actor())
    return {"message": "Job started", **started}


@blp.post("/<job_id>/stop")
@blp.arguments(Cancel, required=False)
@blp.response(200, envelope(MessageOut, "StoppedEnvelope"))
def stop_job(given: dict[str, Any], job_id: str) -> Response:
    """Stop a job: its schedule, what waits and what runs"""
    with transaction() as session:
        job, active = edits.locked(session, job_id)
        starts.cancel(session, job, active, force=given.get("force", False))
    return answers.data({"message": "Job stopped"})


@blp.post("/<job_id>/reschedule")
@blp.arguments(Reschedule)
@blp.response(200, JobEnvelope)
def reschedule_job(wish: dict[str, Any], job_id: str) -> Response:
    """Move a job that runs once to another moment"""
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        changed = edits.update(session, job_id, Draft(wish), answers.actor(), settings)
    return answers.job(changed)


@blp.get("/<job_id>/next")
@blp.arguments(NextQuery, location="query")
@blp.response(200, NextOut)
def next_moments(query: dict[str, Any], job_id: str) -> Response:
    """Tell when a job is due next"""
    after: datetime | None = query.get("after")
    with reading() as session:
        job = jobs.get(session, job_id)
        return answers.data(coming.moments(session, job, query["count"], after))


def _shown(session: Any, job: Any) -> Response:
    session.flush()
    session.refresh(job)
    return answers.job(views.one(session, job))
