"""Pauses of the installation and of workers over HTTP; all of it needs the scope admin."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.queues import SystemPause
from app.api.schemas.system import Message, PauseOut
from app.db import transaction
from app.services import pauses

blp = Blueprint("pauses", __name__, url_prefix="/api", description="Pauses (scope admin)")

PauseEnvelope = envelope(PauseOut, "PauseEnvelope")
DrainEnvelope = envelope(Message, "DrainEnvelope")


@blp.post("/system/pause")
@blp.arguments(SystemPause, required=False)
@blp.response(200, PauseEnvelope)
def pause_system(given: dict[str, Any]) -> Response:
    """Pause the installation: nothing begins but manual starts; what runs goes on"""
    with transaction() as session:
        reason, until = given.get("reason"), given.get("until")
        return answers.data(pauses.pause_system(session, reason, until, answers.actor()))


@blp.post("/system/resume")
@blp.response(200, PauseEnvelope)
def resume_system() -> Response:
    """End the pause of the installation"""
    with transaction() as session:
        return answers.data(pauses.resume_system(session))


@blp.post("/workers/<worker_id>/drain")
@blp.response(200, DrainEnvelope)
def drain_worker(worker_id: str) -> Response:
    """Have a worker take no more work; it goes on with what runs"""
    with transaction() as session:
        pauses.drain_worker(session, worker_id)
    return answers.data({"message": "Worker drained"})


@blp.post("/workers/<worker_id>/resume")
@blp.response(200, DrainEnvelope)
def resume_worker(worker_id: str) -> Response:
    """Have a drained worker take work again"""
    with transaction() as session:
        pauses.resume_worker(session, worker_id)
    return answers.data({"message": "Worker resumed"})
