"""Executions over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from flask import Response, request, stream_with_context

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.jobs import MessageEnvelope
from app.api.paging import split
from app.api.schemas.common import envelope, listing
from app.api.schemas.dead_letters import Replay
from app.api.schemas.executions import ExecutionOut, ExecutionQuery, LogOut, LogQuery
from app.api.schemas.jobs import Cancel, StartedOut
from app.db import reading, transaction
from app.services import audit, dead_letters, execution_lists, executions, logs
from app.services.access import sight

blp = Blueprint(
    "executions", __name__, url_prefix="/api/executions", description="What ran, and how it ended"
)
_TEXT = "text/plain"


@blp.get("")
@blp.arguments(ExecutionQuery, location="query")
@blp.response(200, listing(ExecutionOut, "ExecutionList"))
def list_executions(query: dict[str, Any]) -> Response:
    """List executions"""
    usual = query.pop("usual", False)
    filters, wanted = split(meant(query), execution_lists.ExecutionFilters)
    with reading() as session:
        return answers.listed(execution_lists.page(session, filters, wanted, usual=usual))


def meant(query: dict[str, Any]) -> dict[str, Any]:
    """Return a query with the filters as the service names them."""
    found = dict(query)
    found["statuses"] = sorted({status for meant in found.pop("status", ()) for status in meant})
    found["include_all"] = found.pop("include", None) == "all"
    return found


@blp.get("/<execution_id>")
@blp.response(200, envelope(ExecutionOut, "ExecutionEnvelope"))
def get_execution(execution_id: str) -> Response:
    """Return an execution with its output"""
    with reading() as session:
        row = execution_lists.get(session, execution_id)
        return answers.data(execution_lists.detail(session, row.id))


@blp.post("/<execution_id>/cancel")
@blp.arguments(Cancel, required=False)
@blp.response(200, MessageEnvelope)
def cancel_execution(given: dict[str, Any], execution_id: str) -> Response:
    """Cancel an execution"""
    return cancelled(execution_id, force=given.get("force", False))


def cancelled(execution_id: str, *, force: bool) -> Response:
    """Cancel an execution; return the answer that says so."""
    with transaction() as session:
        row = execution_lists.get(session, execution_id, lock=True)
        status = executions.cancel(session, row, force=force)
    return answers.data({"message": "Execution cancelled", "status": status})


@blp.post("/<execution_id>/replay")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(Replay, required=False)
@blp.response(201, envelope(StartedOut, "ReplayEnvelope"))
def replay_execution(given: dict[str, Any], execution_id: str) -> Response:
    """Run again what has ended badly, as a new execution"""
    force = given.get("force", False)
    with transaction() as session:
        made = idempotent.once(
            session, lambda: {"data": _replay(session, execution_id, force=force)}
        )
    return answers.data(made["data"], 201)


def _replay(session: Any, execution_id: str, *, force: bool) -> dict[str, Any]:
    started = executions.replay(session, execution_id, answers.actor(), force=force)
    audit.tell(execution_id=started["execution_id"])
    return {"message": "Execution replayed", **started}


@blp.post("/<execution_id>/discard")
@blp.response(200, envelope(ExecutionOut, "DiscardedEnvelope"))
def discard_execution(execution_id: str) -> Response:
    """Take a dead letter off the list of those that wait for a person"""
    with transaction() as session:
        discarded = dead_letters.discard(session, execution_id)
    return answers.data(discarded)


@blp.get("/<execution_id>/logs")
@blp.arguments(LogQuery, location="query")
@blp.response(200, LogOut)
def list_lines(query: dict[str, Any], execution_id: str) -> Response:
    """Return lines of output; with Accept: text/plain all of it as a file"""
    with reading() as session:
        row = execution_lists.get(session, execution_id)
        if request.accept_mimetypes.best_match(["application/json", _TEXT]) != _TEXT:
            found = logs.lines(session, row.id, query["after"], query["limit"])
            return answers.answer({"data": found, "status": row.status})
    return _file(row.id)


def _file(execution_id: str) -> Response:
    response = Response(stream_with_context(_pieces(execution_id, sight.kept())), mimetype=_TEXT)
    response.headers["Content-Disposition"] = f'attachment; filename="execution-{execution_id}.log"'
    return response


def _pieces(execution_id: str, seen: Callable[[], AbstractContextManager[None]]) -> Iterator[str]:
    after, text = 0, "-"
    while text:
        with seen(), reading() as session:
            text, after = logs.text_after(session, execution_id, after)
        yield text
