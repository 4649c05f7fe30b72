"""What people who have signed in see and change of their own."""

from typing import Any

from flask import Response, current_app, g

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.gate.address import client_address
from app.api.paging import wanted
from app.api.people import cookies, sign_in
from app.api.schemas.common import envelope, listing
from app.api.schemas.people.sign_in import (
    PasswordChange,
    SessionOut,
    SignedOutOut,
    TokensOut,
    WhoOut,
)
from app.api.schemas.projects import WholeListQuery
from app.db import reading, transaction
from app.domain.errors import Forbidden
from app.services.access import ANYBODY, Principal
from app.services.people import sessions, signing_in, views

blp = Blueprint("me", __name__, url_prefix="/api/auth", description="The person who asks")


@blp.get("/me")
@blp.response(200, envelope(WhoOut, "WhoEnvelope"))
def get_me() -> Response:
    """Return who asks, and what this caller may do"""
    is_on = current_app.config["SETTINGS"].auth_enabled
    with reading() as session:
        who = views.of_principal(session, g.get("principal", ANYBODY))
    return answers.data(who | {"auth_enabled": is_on})


@blp.post("/password")
@blp.arguments(PasswordChange)
@blp.response(200, envelope(TokensOut, "NewTokensEnvelope"))
def change_password(values: dict[str, Any]) -> Response:
    """Give oneself a new password; all sessions end, and a new one begins"""
    who, visitor = _person(), sign_in.visitor()
    user = signing_in.change_password(
        who.user_id or "", values["current_password"], values["new_password"], visitor
    )
    with transaction() as session:
        tokens = signing_in.enter(session, user, visitor)
    return sign_in.given(tokens, by_cookie=_is_by_cookie())


@blp.get("/sessions")
@blp.arguments(WholeListQuery, location="query")
@blp.response(200, listing(SessionOut, "SessionList"))
def list_sessions(query: dict[str, Any]) -> Response:
    """List where one is signed in, the newest first"""
    who = _person()
    with reading() as session:
        page = sessions.page(session, who.user_id or "", wanted(query), who.session_id)
    return answers.listed(page)


@blp.delete("/sessions/<session_id>")
@blp.response(204)
def close_session(session_id: str) -> Response:
    """Sign out somewhere else"""
    who = _person()
    with transaction() as session:
        sessions.close_of(session, who.user_id or "", session_id, "signed out elsewhere")
    return Response(status=204)


@blp.post("/logout-all")
@blp.response(200, envelope(SignedOutOut, "SignedOutEverywhereEnvelope"))
def sign_out_everywhere() -> Response:
    """Sign out everywhere, also here"""
    who = _person()
    with transaction() as session:
        count = sessions.sign_out_everywhere(session, who.user_id or "", client_address())
    response = answers.data({"status": "signed_out", "sessions": count})
    cookies.take_away(response)
    return response


def _person() -> Principal:
    """Return the person who asks. Raises :class:`Forbidden` for whoever has not signed in."""
    sign_in.refuse_if_open_to_all()
    who: Principal = g.principal
    if who.session_id is None:
        raise Forbidden("this is for people who have signed in; a key can't do it")
    return who


def _is_by_cookie() -> bool:
    return bool(g.get("is_by_cookie", False))
