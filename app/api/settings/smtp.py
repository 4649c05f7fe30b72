"""The settings of e-mail over HTTP."""

from typing import Any

from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.schemas.common import envelope
from app.api.schemas.mail import MailTrial, SmtpEdit, SmtpOut, TrialOut
from app.db import reading, transaction
from app.services.notifications import server, trials
from app.settings import Settings

blp = Blueprint("smtp", __name__, url_prefix="/api", description="How e-mail is sent")

SmtpEnvelope = envelope(SmtpOut, "SmtpEnvelope")


@blp.get("/settings/smtp")
@blp.response(200, SmtpEnvelope)
def get_smtp() -> Response:
    """Return the settings of e-mail, without the password"""
    with reading() as session:
        return answers.data(server.shown(session, _settings()))


@blp.route("/settings/smtp", methods=["PATCH", "PUT"])
@blp.arguments(SmtpEdit)
@blp.response(200, SmtpEnvelope)
def update_smtp(values: dict[str, Any]) -> Response:
    """Change the settings of e-mail; they hold in all processes within a second"""
    with transaction() as session:
        changed = server.update(session, _settings(), values)
    return answers.data(changed)


@blp.post("/settings/smtp/test")
@blp.arguments(MailTrial)
@blp.response(200, envelope(TrialOut, "SmtpTestEnvelope"))
def test_smtp(wish: dict[str, str]) -> Response:
    """Send a test now, and wait up to 15 seconds for what the server says"""
    return answers.data(trials.send_test(wish["to"], _settings()))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
