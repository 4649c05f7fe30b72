"""Signing in through the identity provider: a browser is sent there, and comes back."""

import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from app.api import answers
from app.api.blueprint import Blueprint
from app.api.gate.address import came_by_tls
from app.api.people import cookies, sign_in
from app.api.schemas.common import envelope
from app.api.schemas.people.sign_in import MethodsOut
from app.domain.errors import Unavailable
from app.domain.own_paths import HOME, own_path
from app.services.people import arrivals, identity_provider
from app.services.people.identity_provider import SignInRefused

blp = Blueprint("oidc", __name__, url_prefix="/api/auth", description="The identity provider")

log = logging.getLogger(__name__)

COOKIE: Final = "oneoff_oidc"
_PATH: Final = "/api/auth/oidc"
_START: Final = "/oidc/start"


@blp.get("/methods")
@blp.response(200, envelope(MethodsOut, "SignInMethodsEnvelope"))
def list_sign_in_methods() -> Response:
    """Say how one may sign in"""
    name = identity_provider.name()
    through = None if name is None else {"name": name, "url": f"/api/auth{_START}"}
    return answers.data({"password": current_app.config["SETTINGS"].auth_enabled, "oidc": through})


@blp.get(_START)
@blp.doc(parameters=[{"in": "query", "name": "next", "schema": {"type": "string"}}])
@blp.alt_response(303, description="Leads to the identity provider")
def begin_sign_in() -> AnyResponse:
    """Lead a browser to the identity provider; next is a path of this site"""
    sign_in.refuse_if_open_to_all()
    place = own_path(request.args.get("next", ""))
    try:
        departure = identity_provider.depart(place)
    except Unavailable as error:
        log.warning("nobody can sign in through the identity provider: %s", error)
        return _back_to_page("provider_away", place)
    response = redirect(departure.address, HTTPStatus.SEE_OTHER)
    seconds = int(identity_provider.VALID.total_seconds())
    response.set_cookie(COOKIE, departure.cookie, max_age=seconds, **_kind())
    return response


@blp.get("/oidc/callback")
@blp.alt_response(303, description="Leads to where one wanted to go, or back to the sign-in page")
def finish_sign_in() -> AnyResponse:
    """Take a browser that comes back from the identity provider"""
    sign_in.refuse_if_open_to_all()
    cookie = request.cookies.get(COOKIE, "")
    place, settings = identity_provider.place_of(cookie), current_app.config["SETTINGS"]
    try:
        tokens = arrivals.enter(settings, cookie, request.args, sign_in.visitor())
    except SignInRefused as refusal:
        return _back_to_page(refusal.text, place)
    response = redirect(place, HTTPStatus.SEE_OTHER)
    cookies.give(response, tokens)
    response.delete_cookie(COOKIE, **_kind())
    return response


def _back_to_page(text: str, place: str) -> AnyResponse:
    query = {"refused": text} | ({} if place == HOME else {"next": place})
    response = redirect(f"/login?{urlencode(query)}", HTTPStatus.SEE_OTHER)
    response.delete_cookie(COOKIE, **_kind())
    return response


def _kind() -> dict[str, Any]:
    # The provider's site leads back here: with "Strict" the browser would leave the cookie at home.
    return {"path": _PATH, "httponly": True, "secure": came_by_tls(), "samesite": "Lax"}
