"""The system as a whole over HTTP: its figures, its workers, what can be changed at run time."""

import marshmallow as ma
from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.system import (
    ConfigEdit,
    ConfigRow,
    LinksOut,
    Message,
    SystemStatusOut,
    WorkerOut,
    WorkersStatusOut,
    whole,
)
from app.db import reading, transaction
from app.services import overview, statistics, system, workers
from app.settings import Settings

blp = Blueprint("system", __name__, url_prefix="/api", description="The system as a whole")


@blp.get("/system/status")
@blp.response(200, envelope(SystemStatusOut, "SystemStatusEnvelope"))
def get_system_status() -> Response:
    """Return the figures of the system"""
    sees_ends = answers.principal().may("execution:read")
    with reading() as session:
        failing = overview.failing(session) if sees_ends else None
        return answers.data(statistics.system_status(session) | {"failing": failing})


@blp.get("/workers")
@blp.response(200, whole(ma.fields.Nested(WorkerOut), "WorkerList"))
def list_workers() -> Response:
    """List the workers that live, with what each serves and runs"""
    with reading() as session:
        return answers.data(workers.living(session))


@blp.get("/workers/status")
@blp.response(200, envelope(WorkersStatusOut, "WorkersStatusEnvelope"))
def get_workers_status() -> Response:
    """Return how many run slots there are and what they do"""
    with reading() as session:
        return answers.data(workers.status(session))


@blp.get("/system/links")
@blp.response(200, envelope(LinksOut, "LinksEnvelope"))
def get_links() -> Response:
    """Return the addresses of other tools that belong to this installation"""
    own = _settings()
    return answers.data({"trace_url": own.trace_url or None, "flower_url": own.flower_url or None})


@blp.get("/system/config")
@blp.response(200, whole(ma.fields.Nested(ConfigRow), "ConfigList"))
def list_system_config() -> Response:
    """List what can be changed at run time, by key"""
    with reading() as session:
        return answers.data(system.list_config(session, _settings()))


@blp.route("/system/config", methods=["PATCH", "PUT"])
@blp.arguments(ConfigEdit)
@blp.response(200, envelope(Message, "ConfigMessageEnvelope"))
def update_system_config(edit: dict[str, str]) -> Response:
    """Set a value; it holds from now on, without a restart"""
    with transaction() as session:
        system.update_config(session, _settings(), edit["key"], edit["value"])
    return answers.data({"message": "Config updated"})


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
