"""Dead letters over HTTP."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.paging import split
from app.api.schemas.common import envelope, listing
from app.api.schemas.dead_letters import (
    Batch,
    BatchOut,
    DeadLetterQuery,
    DeadLetterStatsOut,
    GroupOut,
    GroupQuery,
    StatsQuery,
)
from app.api.schemas.executions import ExecutionOut
from app.db import reading, transaction
from app.services import dead_letters
from app.services.dead_letters import DeadLetterFilters

blp = Blueprint(
    "dead_letters",
    __name__,
    url_prefix="/api/dead-letters",
    description="What has used all its retries and waits for a person",
)
BatchEnvelope = envelope(BatchOut, "DeadLetterBatchEnvelope")


@blp.get("")
@blp.arguments(DeadLetterQuery, location="query")
@blp.response(200, listing(ExecutionOut, "DeadLetterList"))
def list_dead_letters(query: dict[str, Any]) -> Response:
    """List dead letters, the newest first"""
    filters, wanted = split(query, DeadLetterFilters)
    with reading() as session:
        return answers.listed(dead_letters.page(session, filters, wanted))


@blp.get("/groups")
@blp.arguments(GroupQuery, location="query")
@blp.response(200, listing(GroupOut, "DeadLetterGroupList"))
def list_dead_letter_groups(query: dict[str, Any]) -> Response:
    """List dead letters by what their errors have in common"""
    filters, wanted = split(query, DeadLetterFilters)
    with reading() as session:
        return answers.listed(dead_letters.groups(session, filters, wanted))


@blp.get("/stats")
@blp.arguments(StatsQuery, location="query")
@blp.response(200, envelope(DeadLetterStatsOut, "DeadLetterStats"))
def get_dead_letter_stats(query: dict[str, Any]) -> Response:
    """Count dead letters and other failures"""
    with reading() as session:
        return answers.data(dead_letters.stats(session, query.get("project_id")))


@blp.post("/replay")
@blp.arguments(Batch)
@blp.response(200, BatchEnvelope)
def replay_dead_letters(wish: dict[str, Any]) -> Response:
    """Replay the dead letters that the filters let through, the oldest first"""
    filters, _ = split(wish, DeadLetterFilters)
    if wish.get("dry_run"):
        return _preview(filters)
    return answers.data(dead_letters.replay_some(filters, wish["limit"], answers.actor()))


@blp.post("/discard")
@blp.arguments(Batch)
@blp.response(200, BatchEnvelope)
def discard_dead_letters(wish: dict[str, Any]) -> Response:
    """Discard the dead letters that the filters let through, the oldest first"""
    filters, _ = split(wish, DeadLetterFilters)
    if wish.get("dry_run"):
        return _preview(filters)
    with transaction() as session:
        report = dead_letters.discard_some(session, filters, wish["limit"])
    return answers.data(report)


def _preview(filters: DeadLetterFilters) -> Response:
    with reading() as session:
        return answers.data(dead_letters.preview(session, filters))
