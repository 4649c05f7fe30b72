"""Jobs kept as definitions elsewhere have them, over HTTP."""

from flask import Response, current_app

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.jobs import JobOut
from app.api.schemas.sync import Register, Sync, SyncOut
from app.db import transaction
from app.services import jobs
from app.services.jobs import sync
from app.services.jobs.drafts import Draft

blp = Blueprint("sync", __name__, url_prefix="/api/jobs", description="Jobs from lists elsewhere")


@blp.post("/sync")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(Sync)
@blp.response(200, envelope(SyncOut, "SyncEnvelope"))
def sync_jobs(wish: sync.Wish) -> Response:
    """Make, change and delete jobs to be as a list of definitions"""
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        done = idempotent.once(
            session,
            lambda: {"data": sync.sync(session, wish, answers.actor(), settings)},
            status=200,
        )
    return answers.data(done["data"])


@blp.post("/register")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(Register)
@blp.response(201, envelope(JobOut, "RegisteredEnvelope"))
def register_job(draft: Draft) -> Response:
    """Make a job, unless there is one with its external_id"""
    settings = current_app.config["SETTINGS"]
    with transaction() as session:
        made = idempotent.once(
            session,
            lambda: {"data": jobs.create(session, draft, answers.actor(), settings)},
        )
    return answers.job(made["data"], 201)
