"""What ran and what is planned, along the time, over HTTP."""

from datetime import timedelta
from typing import Any

import marshmallow as ma
from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.system import whole
from app.api.schemas.timeline import (
    HeatOut,
    HeatQuery,
    PlannedOut,
    PlannedQuery,
    TimelineOut,
    TimelineQuery,
    TroubleOut,
    TroublesQuery,
)
from app.db import reading
from app.domain.clock import now
from app.services import timeline
from app.services.usage import heat

blp = Blueprint(
    "timeline", __name__, url_prefix="/api/stats", description="What ran, and what is planned"
)


@blp.get("/timeline")
@blp.arguments(TimelineQuery, location="query")
@blp.response(200, envelope(TimelineOut, "TimelineEnvelope"))
def get_timeline(query: dict[str, Any]) -> Response:
    """Count what ran and what is planned, in buckets of time"""
    with reading() as session:
        found = timeline.strip(session, query["first"], query["last"], query["bucket_seconds"])
    return answers.data(found)


@blp.get("/planned")
@blp.arguments(PlannedQuery, location="query")
@blp.response(200, envelope(PlannedOut, "PlannedEnvelope"))
def list_planned(query: dict[str, Any]) -> Response:
    """List the moments at which jobs are due, the next first"""
    with reading() as session:
        found = timeline.plan(
            session, now(), query["last"], query["limit"], only_next=query["only_next"]
        )
    return answers.data({"moments": found.moments, "planned_until": found.until})


@blp.get("/troubles")
@blp.arguments(TroublesQuery, location="query")
@blp.response(200, whole(ma.fields.Nested(TroubleOut), "TroubleList"))
def list_troubles(query: dict[str, Any]) -> Response:
    """List what ended badly of late and has not gone well since, by job and error"""
    with reading() as session:
        return answers.data(timeline.troubles(session, now() - timedelta(hours=query["hours"])))


@blp.get("/heat")
@blp.arguments(HeatQuery, location="query")
@blp.response(200, envelope(HeatOut, "HeatEnvelope"))
def get_heat(query: dict[str, Any]) -> Response:
    """Count by job and hour what ended, and how much of it badly"""
    with reading() as session:
        return answers.data(heat.heat(session, query["first"], query["last"]))
