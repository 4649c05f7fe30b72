"""The first run over HTTP: whether the first user is still to be made, and making it."""

from typing import Any

from flask import Response

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.gate import first_run
from app.api.schemas.common import envelope
from app.api.schemas.users import FirstAdmin, SetupOut, UserOut
from app.db import reading, transaction
from app.services.people import setup
from app.services.people.credentials import new_password

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
@blp.response(201, envelope(UserOut, "FirstAdminEnvelope"))
def create_first_admin(values: dict[str, Any]) -> Response:
    """Make the first user, an admin; it can be done once"""
    with reading() as session:
        setup.refuse_if_done(session)
    first_run.check(values.get("token"))
    context = [values["username"], values.get("email")]
    password = new_password(values["password"], context, "password")
    with transaction() as session:
        made = setup.make_admin(session, values, password)
    return answers.data(made, 201)
