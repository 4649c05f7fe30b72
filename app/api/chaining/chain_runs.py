"""Runs of chains over HTTP."""

from typing import Any

from flask import Response

from app.api import answers, idempotent
from app.api.blueprint import Blueprint
from app.api.schemas.chains import ChainResume, ChainRunDetailOut, ChainRunOut
from app.api.schemas.common import envelope
from app.api.schemas.jobs import Cancel
from app.db import reading, transaction
from app.services import chain_runs

blp = Blueprint(
    "chain_runs", __name__, url_prefix="/api/chain-runs", description="Passes through chains"
)
ChainRunEnvelope = envelope(ChainRunOut, "ChainRunEnvelope")


@blp.get("/<chain_run_id>")
@blp.response(200, envelope(ChainRunDetailOut, "ChainRunDetailEnvelope"))
def get_chain_run(chain_run_id: str) -> Response:
    """Return a run with its links and their executions"""
    with reading() as session:
        return answers.data(chain_runs.detail(session, chain_runs.get(session, chain_run_id)))


@blp.post("/<chain_run_id>/cancel")
@blp.arguments(Cancel, required=False)
@blp.response(200, ChainRunEnvelope)
def cancel_chain_run(given: dict[str, Any], chain_run_id: str) -> Response:
    """Cancel a run: no other link begins, and the one that runs is ended"""
    force = given.get("force", False)
    with transaction() as session:
        return answers.data(chain_runs.cancel(session, chain_run_id, force=force))


@blp.post("/<chain_run_id>/resume")
@blp.doc(parameters=[idempotent.HEADER])
@blp.arguments(ChainResume, required=False)
@blp.response(202, ChainRunEnvelope)
def resume_chain_run(given: dict[str, Any], chain_run_id: str) -> Response:
    """Go on with a run that has ended, from its failed link or another one"""
    with transaction() as session:
        made = idempotent.once(
            session,
            lambda: {"data": chain_runs.resume(session, chain_run_id, given.get("first"))},
            202,
        )
    return answers.answer(made, 202)
