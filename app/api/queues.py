"""Run queues over HTTP: what waits in them, their limits and pauses, and putting work into them."""

from typing import Any

import marshmallow as ma
from flask import Response, current_app

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.jobs import JobEnvelope
from app.api.schemas.common import envelope
from app.api.schemas.queues import Enqueue, QueueEdit, QueueOut, QueuePause, StatsOut
from app.api.schemas.system import whole
from app.db import reading, transaction
from app.services import pauses, queues, statistics
from app.services.jobs import enqueueing
from app.services.jobs.drafts import Draft

blp = Blueprint("queues", __name__, url_prefix="/api", description="Run queues")

QueueEnvelope = envelope(QueueOut, "QueueEnvelope")


@blp.get("/queues")
@blp.response(200, whole(ma.fields.Nested(QueueOut), "QueueList"))
def list_queues() -> Response:
    """List run queues by name"""
    with reading() as session:
        return answers.data(queues.views(session))


@blp.get("/queues/<name>")
@blp.response(200, QueueEnvelope)
def get_queue(name: str) -> Response:
    """Return a run queue"""
    with reading() as session:
        return answers.data(queues.view(session, name))


@blp.route("/queues/<name>", methods=["PATCH", "PUT"])
@blp.arguments(QueueEdit)
@blp.response(200, QueueEnvelope)
def update_queue(values: dict[str, Any], name: str) -> Response:
    """Set the limit and the rate of a queue; all workers know within a second"""
    with transaction() as session:
        return answers.data(queues.update(session, name, values))


@blp.post("/queues/<name>/pause")
@blp.arguments(QueuePause, required=False)
@blp.response(200, QueueEnvelope)
def pause_queue(given: dict[str, Any], name: str) -> Response:
    """Pause a queue: nothing of it begins but manual starts, until it is resumed"""
    with transaction() as session:
        pauses.pause_queue(session, name, given.get("reason"), answers.actor())
        return answers.data(queues.view(session, name))


@blp.post("/queues/<name>/resume")
@blp.response(200, QueueEnvelope)
def resume_queue(name: str) -> Response:
    """Let a paused queue go on"""
    with transaction() as session:
        pauses.resume_queue(session, name)
        return answers.data(queues.view(session, name))


@blp.post("/enqueue")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(Enqueue)
@blp.response(201, JobEnvelope)
def enqueue_work(draft: Draft) -> Response:
    """Put work into a queue: a job that runs once, now or after a delay"""
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        made = idempotent.once(
            session,
            lambda: {"data": enqueueing.enqueue(session, draft, answers.actor(), settings)},
        )
    return answers.job(made["data"], 201)


@blp.get("/stats")
@blp.response(200, envelope(StatsOut, "StatsEnvelope"))
def get_stats() -> Response:
    """Return how many executions are queued, at work, finished and failed"""
    with reading() as session:
        return answers.data(statistics.queue_stats(session))
