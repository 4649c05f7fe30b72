"""Chains over HTTP."""

from typing import Any

from flask import Response

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.paging import wanted
from app.api.schemas.chains import (
    ChainEdit,
    ChainExecute,
    ChainOut,
    ChainQuery,
    ChainRunOut,
    ChainStartedOut,
    NewChain,
)
from app.api.schemas.common import PageQuery, envelope, listing
from app.db import reading, transaction
from app.services import chain_runs, chains

blp = Blueprint("chains", __name__, url_prefix="/api/chains", description="Jobs one by one")

ChainEnvelope = envelope(ChainOut, "ChainEnvelope")


@blp.get("")
@blp.arguments(ChainQuery, location="query")
@blp.response(200, listing(ChainOut, "ChainList"))
def list_chains(query: dict[str, Any]) -> Response:
    """List chains by name"""
    project_id, job_id = query.pop("project_id", None), query.pop("job_id", None)
    with reading() as session:
        return answers.listed(chains.page(session, wanted(query), project_id, job_id))


@blp.post("")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(NewChain)
@blp.response(201, ChainEnvelope)
def create_chain(values: dict[str, Any]) -> Response:
    """Make a chain"""
    with transaction() as session:
        made = idempotent.once(
            session, lambda: {"data": chains.create(session, values, answers.actor())}
        )
    return answers.answer(made, 201)


@blp.get("/<chain_id>")
@blp.response(200, ChainEnvelope)
def get_chain(chain_id: str) -> Response:
    """Return a chain"""
    with reading() as session:
        return answers.data(chains.view(session, chain_id))


@blp.route("/<chain_id>", methods=["PATCH", "PUT"])
@blp.arguments(ChainEdit)
@blp.response(200, ChainEnvelope)
def update_chain(values: dict[str, Any], chain_id: str) -> Response:
    """Change a chain; runs under way go on as they began"""
    with transaction() as session:
        return answers.data(chains.update(session, chain_id, values))


@blp.delete("/<chain_id>")
@blp.response(204)
def delete_chain(chain_id: str) -> Response:
    """Delete a chain with its runs; the executions of its jobs stay"""
    with transaction() as session:
        chains.delete(session, chain_id)
    return Response(status=204)


@blp.post("/<chain_id>/execute")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(ChainExecute, required=False)
@blp.response(202, envelope(ChainStartedOut, "ChainStartedEnvelope"))
def execute_chain(_given: dict[str, Any], chain_id: str) -> Response:
    """Run a chain now"""
    with transaction() as session:
        made = idempotent.once(session, lambda: {"data": _start(session, chain_id)}, 202)
    return answers.answer(made, 202)


def _start(session: Any, chain_id: str) -> dict[str, Any]:
    run = chain_runs.execute(session, chains.get(session, chain_id), answers.actor())
    message = "Chain execution started"
    return {"message": message, "chain_run_id": run["id"], "status": run["status"]}


@blp.get("/<chain_id>/runs")
@blp.arguments(PageQuery, location="query")
@blp.response(200, listing(ChainRunOut, "ChainRunList"))
def list_chain_runs(query: dict[str, Any], chain_id: str) -> Response:
    """List the runs of a chain, the newest first"""
    with reading() as session:
        chain = chains.get(session, chain_id)
        return answers.listed(chain_runs.page(session, chain, wanted(query)))
