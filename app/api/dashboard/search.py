"""Finding things by a few letters, over HTTP."""

from typing import Any

import marshmallow as ma
from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.search import HitOut, NamesOut, SearchQuery
from app.api.schemas.system import whole
from app.db import reading
from app.services import finding

blp = Blueprint("search", __name__, url_prefix="/api/search", description="Finding things")


@blp.get("")
@blp.arguments(SearchQuery, location="query")
@blp.response(200, whole(ma.fields.Nested(HitOut), "HitList"))
def find_things(query: dict[str, Any]) -> Response:
    """Find jobs, executions, chains, errors and people; the best of each kind first"""
    may = answers.principal().may
    with reading() as session:
        return answers.data(finding.find(session, query["q"], query["kind"], query["limit"], may))


@blp.get("/names")
@blp.response(200, envelope(NamesOut, "NamesEnvelope"))
def list_names() -> Response:
    """List the names of all jobs, if they are not too many"""
    with reading() as session:
        return answers.data(finding.names(session))
