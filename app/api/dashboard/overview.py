"""The first page, over HTTP: all that it shows in one answer."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.overview import OverviewOut, OverviewQuery
from app.db import reading
from app.services.overview import overview

blp = Blueprint("overview", __name__, url_prefix="/api/overview", description="The first page")


@blp.get("")
@blp.arguments(OverviewQuery, location="query")
@blp.response(200, envelope(OverviewOut, "OverviewEnvelope"))
def get_overview(query: dict[str, Any]) -> Response:
    """Return figures, what needs a look, what runs, what ended and what comes next"""
    may = answers.principal().may
    with reading() as session:
        return answers.data(overview(session, query.get("project_id"), may))
