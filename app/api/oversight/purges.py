"""Purging over HTTP: executions, and what they printed, deleted on purpose."""

from typing import Any

from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.oversight import PurgeQuery
from app.db import transaction
from app.services import audit, executions

blp = Blueprint(
    "purges", __name__, url_prefix="/api/executions", description="What ran, deleted on purpose"
)


@blp.delete("/<execution_id>")
@blp.arguments(PurgeQuery, location="query")
@blp.response(204)
def purge_execution(query: dict[str, Any], execution_id: str) -> Response:
    """Delete an ended execution for good, with all it printed"""
    audit.tell(**query)
    with transaction() as session:
        executions.purge(session, execution_id, current_app.config["SETTINGS"].claude_logs)
    return Response(status=204)


@blp.delete("/<execution_id>/output")
@blp.arguments(PurgeQuery, location="query")
@blp.response(204)
def purge_output(query: dict[str, Any], execution_id: str) -> Response:
    """Delete for good what an ended execution printed; how it ended is kept"""
    folder = current_app.config["SETTINGS"].claude_logs
    audit.tell(**query)
    with transaction() as session:
        executions.purge_output(session, execution_id, answers.actor(), folder)
    return Response(status=204)
