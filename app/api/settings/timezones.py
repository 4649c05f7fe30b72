"""Time zones over HTTP: that of the installation, and all there are."""

import json

import marshmallow as ma
from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.mail import ZoneEdit, ZoneOut
from app.api.schemas.system import whole
from app.db import reading, transaction
from app.domain.clock import now
from app.domain.schedules import zones
from app.services import installation, system
from app.settings import Settings

blp = Blueprint("timezones", __name__, url_prefix="/api", description="Time zones")

_KEY = "default_timezone"
ZoneEnvelope = envelope(ZoneOut, "TimezoneEnvelope")


@blp.get("/settings/timezone")
@blp.response(200, ZoneEnvelope)
def get_timezone() -> Response:
    """Return the time zone of jobs that name none"""
    with reading() as session:
        name = installation.runtime_value(session, _settings(), _KEY)
    return answers.data(zones.present(str(name), now()))


@blp.route("/settings/timezone", methods=["PATCH", "PUT"])
@blp.arguments(ZoneEdit)
@blp.response(200, ZoneEnvelope)
def update_timezone(edit: dict[str, str]) -> Response:
    """Set the time zone of jobs that name none; the same as default_timezone"""
    name = edit["timezone"]
    with transaction() as session:
        system.update_config(session, _settings(), _KEY, json.dumps(name))
    return answers.data(zones.present(name, now()))


@blp.get("/timezones")
@blp.response(200, whole(ma.fields.Nested(ZoneOut), "TimezoneList"))
def list_timezones() -> Response:
    """List all time zones with their present offsets, by name"""
    return answers.data(zones.all_present(now().replace(minute=0, second=0, microsecond=0)))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
