"""Schedules before any job has them, over HTTP."""

from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.schedules import PreviewOut, SchedulePreview
from app.db import reading
from app.services.jobs.drafts import Draft, Known
from app.services.schedules import preview

blp = Blueprint("schedules", __name__, url_prefix="/api/schedules", description="When to run")


@blp.post("/preview")
@blp.arguments(SchedulePreview)
@blp.response(200, envelope(PreviewOut, "PreviewEnvelope"))
def preview_schedule(draft: Draft) -> Response:
    """Tell when a schedule would be due, and what may not be meant"""
    with reading() as session:
        zone = Known(session, current_app.config["SETTINGS"]).defaults["default_timezone"]
        return answers.data(preview.preview(session, draft.values, draft.faults, zone))
