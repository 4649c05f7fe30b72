"""Signing in and out over HTTP.

Programs are given their tokens in the answer. A page says ``X-Session: cookie``: then they are in
cookies that no script can read, and each change needs ``X-CSRF-Token`` beside them.
"""

from typing import Any

from flask import Response, current_app, g, request

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.gate.address import client_address
from app.api.people import cookies
from app.api.schemas.common import envelope
from app.api.schemas.people.sign_in import Login, RefreshWish, SignedOutOut, TokensOut
from app.db import reading, transaction
from app.domain.errors import Conflict, CsrfFailed, DomainError, Unauthenticated, invalid
from app.domain.people import refresh_tokens
from app.services.access import Principal
from app.services.people import csrf, sessions, signing_in, views
from app.services.people.sessions import Tokens
from app.services.people.signing_in import Visitor

blp = Blueprint("sign_in", __name__, url_prefix="/api/auth", description="Signing in and out")

TokensEnvelope = envelope(TokensOut, "TokensEnvelope")


@blp.post("/login")
@blp.arguments(Login)
@blp.response(200, TokensEnvelope)
def log_in(values: dict[str, Any]) -> Response:
    """Sign in with username and password"""
    refuse_if_open_to_all()
    user = signing_in.recognised(values["username"], values["password"], visitor())
    with transaction() as session:
        tokens = signing_in.enter(session, user, visitor())
    return given(tokens)


@blp.post("/refresh")
@blp.arguments(RefreshWish)
@blp.response(200, TokensEnvelope)
def renew_tokens(values: dict[str, Any]) -> Response:
    """Put new tokens in the place of a refresh token, which is good for one use"""
    token, by_cookie = _refresh_token(values)
    with transaction() as session:
        if by_cookie:
            _refuse_foreign_forms(refresh_tokens.session_of(token))
        outcome = sessions.refresh(session, token, client_address())
    if isinstance(outcome, DomainError):
        raise outcome
    return given(outcome, by_cookie=by_cookie)


@blp.post("/logout")
@blp.arguments(RefreshWish)
@blp.response(200, envelope(SignedOutOut, "SignedOutEnvelope"))
def log_out(values: dict[str, Any]) -> Response:
    """Sign out: the session ends in all processes within a second"""
    who: Principal | None = g.get("principal")
    token = _token_to_end(values)
    with transaction() as session:
        session_id = (who and who.session_id) or sessions.held_by(session, token)
        count = sessions.sign_out(session, session_id, client_address()) if session_id else 0
    response = answers.data({"status": "signed_out", "sessions": count})
    cookies.take_away(response)
    return response


def visitor() -> Visitor:
    """Return where a request came from, and by what."""
    return Visitor(client_address(), request.user_agent.string or None)


def refuse_if_open_to_all() -> None:
    """Raise :class:`Conflict` while authentication is off."""
    if not current_app.config["SETTINGS"].auth_enabled:
        raise Conflict("authentication is off (AUTH_ENABLED=false): nobody needs to sign in")


def given(tokens: Tokens, *, by_cookie: bool | None = None) -> Response:
    """Return the answer that gives somebody tokens, in the way that was asked for."""
    with reading() as session:
        user = views.of_user(session, tokens.user_id, tokens.session_id)
    body = {
        "token_type": "Bearer",
        "expires_at": tokens.access_expires_at,
        "expires_in": tokens.access_seconds,
        "refresh_expires_at": tokens.refresh_expires_at,
        "session_id": tokens.session_id,
        "user": user,
    }
    if cookies.are_wanted() if by_cookie is None else by_cookie:
        response = answers.data(body)
        cookies.give(response, tokens)
        return response
    return answers.data({"token": tokens.access, "refresh_token": tokens.refresh, **body})


def _refresh_token(values: dict[str, Any]) -> tuple[str, bool]:
    """Return the refresh token that a request carries, and whether a cookie does."""
    if "refresh_token" in values:
        return values["refresh_token"], False
    token = cookies.refresh_token()
    if token:
        return token, True
    if cookies.are_wanted():
        raise Unauthenticated("there is no refresh token in a cookie; sign in")
    raise invalid("refresh_token", "missing required field")


def _token_to_end(values: dict[str, Any]) -> str:
    """Return the refresh token whose session whoever asks may end; nothing without one."""
    if "refresh_token" in values:
        return str(values["refresh_token"])
    session_id = refresh_tokens.session_of(cookies.refresh_token())
    if session_id is None or "principal" in g:
        return ""
    _refuse_foreign_forms(session_id)
    return cookies.refresh_token()


def _refuse_foreign_forms(session_id: str | None) -> None:
    if not csrf.is_of_session(session_id or "", request.headers.get(csrf.HEADER, "")):
        raise CsrfFailed
