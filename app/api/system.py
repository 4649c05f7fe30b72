"""The system as a whole: its figures, its workers, and the values that change at run time."""

from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from app.api.schemas.system import (
    ConfigAnswer,
    ConfigChange,
    MessageAnswer,
    SystemStatusAnswer,
    WorkersStatusAnswer,
)
from app.db import reading, transaction
from app.services import statistics, system, workers
from app.settings import Settings

blp = Blueprint("system", __name__, url_prefix="/api", description="The system as a whole")


@blp.get("/system/status")
@blp.doc(operationId="getSystemStatus")
@blp.response(200, SystemStatusAnswer)
def get_system_status() -> dict[str, Any]:
    """Get the figures of the system"""
    with reading() as session:
        return {"data": statistics.system_status(session)}


@blp.get("/system/config")
@blp.doc(operationId="listSystemConfig")
@blp.response(200, ConfigAnswer)
def list_system_config() -> dict[str, Any]:
    """List the values that can be changed at run time"""
    with reading() as session:
        return {"data": system.list_config(session, _settings())}


@blp.patch("/system/config")
@blp.doc(operationId="updateSystemConfig")
@blp.arguments(ConfigChange)
@blp.response(200, MessageAnswer)
@blp.alt_response(409, description="A flag or the environment of this start fixes the value")
def update_system_config(change: dict[str, str]) -> dict[str, Any]:
    """Set one value

    The product uses it from now on; no restart is needed.
    """
    with transaction() as session:
        system.update_config(session, _settings(), change["key"], change["value"])
    return {"data": {"message": "Config updated"}}


@blp.get("/workers/status")
@blp.doc(operationId="getWorkersStatus")
@blp.response(200, WorkersStatusAnswer)
def get_workers_status() -> dict[str, Any]:
    """Get how many run slots there are and what they do"""
    with reading() as session:
        return {"data": workers.status(session)}


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
