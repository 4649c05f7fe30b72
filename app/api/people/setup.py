"""The first run over HTTP: whether the first user is still to be made, and making it."""

from typing import Any

from flask import Response, current_app

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.gate import first_run
from app.api.people import sign_in
from app.api.schemas.common import envelope
from app.api.schemas.people.sign_in import TokensOut
from app.api.schemas.users import FirstAdmin, SetupOut
from app.db import reading, transaction
from app.services.people import setup, views
from app.services.people.credentials import new_password
from app.services.people.sessions import Tokens

blp = Blueprint("setup", __name__, url_prefix="/setup", description="The first run")


@blp.get("/status")
@blp.response(200, envelope(SetupOut, "SetupEnvelope"))
def show_setup_status() -> Response:
    """Say whether the first user is still to be made"""
    with reading() as session:
        needed = setup.is_needed(session)
    return answers.data({"needed": needed, "token_required": needed and first_run.needs_token()})


@blp.post("/admin")
@blp.arguments(FirstAdmin)
@blp.response(201, envelope(TokensOut, "FirstAdminEnvelope"))
def create_first_admin(values: dict[str, Any]) -> Response:
    """Make the first user, an admin, and sign in; it can be done once"""
    with reading() as session:
        setup.refuse_if_done(session)
    first_run.check(values.get("token"))
    context = [values["username"], values.get("email")]
    password = new_password(values["password"], context, "password")
    visitor = sign_in.visitor() if current_app.config["SETTINGS"].auth_enabled else None
    with transaction() as session:
        user, tokens = setup.make_admin(session, values, password, visitor)
        shown = views.of_user(session, user.id)
    return answers.data({"user": shown}, 201) if tokens is None else _given(tokens)


def _given(tokens: Tokens) -> Response:
    response = sign_in.given(tokens)
    response.status_code = 201
    return response
