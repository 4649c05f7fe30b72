"""The sign-in page: two forms that need no JavaScript."""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request
from flask import send_from_directory as send
from werkzeug.wrappers import Response as AnyResponse

from app.api.gate.address import came_by_tls
from app.api.people import cookies, sign_in
from app.api.people.page_texts import REFUSALS, TEXTS, language
from app.db import transaction
from app.domain.errors import Conflict, DomainError, InvalidCredentials, RateLimited
from app.domain.own_paths import own_path
from app.domain.people.passwords import LONGEST
from app.models import User
from app.services import database_errors
from app.services.people import csrf, identity_provider, password_tickets, signing_in
from app.version import VERSION

_COOKIE: Final = "oneoff_form"
_PATH: Final = "/login"
_FOLDER: Final = Path(__file__).parent / "templates"
_LARGEST_FORM: Final = 16 * 1024
_LONGEST_NAME: Final = 200
_HEADERS: Final = {
    "Cache-Control": "no-store",
    # It holds no script and no style of its own.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    # With "no-referrer" browsers would send no origin with our own form.
    "Referrer-Policy": "same-origin",
}

_routes = Blueprint("pages", __name__, template_folder="templates")


def install(app: Flask) -> None:
    """Add the page."""
    app.register_blueprint(_routes)


@_routes.get(_PATH)
def show_sign_in() -> AnyResponse:
    """Show the form; while authentication is off there is nothing to sign in to."""
    if not current_app.config["SETTINGS"].auth_enabled:
        return redirect(_next())
    notice = "expired" if request.args.get("expired") == "1" else ""
    refused = request.args.get("refused", "")
    return _page("login.html", notice=notice, fault=refused if refused in REFUSALS else "")


@_routes.post(_PATH)
def take_sign_in() -> AnyResponse:
    """Take either form: name and password, or a new password."""
    sign_in.refuse_if_open_to_all()
    request.max_content_length = _LARGEST_FORM
    if not csrf.is_of_form(_seed(), request.form.get("csrf_token", "")):
        return _page("login.html", HTTPStatus.FORBIDDEN, fault="stale")
    try:
        return _take_new_password() if "ticket" in request.form else _take_password()
    except RateLimited as error:
        return _locked(error)
    except (InvalidCredentials, Conflict):
        return _page("login.html", HTTPStatus.UNAUTHORIZED, fault="wrong")
    except Exception as error:
        if database_errors.meaning(error) is None:
            raise
        return _page("login.html", HTTPStatus.SERVICE_UNAVAILABLE, fault="unavailable")


@_routes.get(f"{_PATH}/style.css")
def show_style() -> Response:
    """Answer with how the page looks."""
    return send(_FOLDER, "login.css", max_age=86400)


def _take_password() -> AnyResponse:
    name, password = request.form.get("username", ""), request.form.get("password", "")
    if len(name) > _LONGEST_NAME or len(password) > LONGEST or "\0" in name:
        raise InvalidCredentials
    user = signing_in.recognised(name, password, sign_in.visitor())
    if user.must_change_password:
        return _page("new_password.html", ticket=password_tickets.make(user, _seed()))
    return _enter(user)


def _take_new_password() -> AnyResponse:
    """Take a new password from whoever has shown the old one a moment ago."""
    ticket, new = request.form["ticket"], request.form.get("new_password", "")
    user = password_tickets.holder(ticket, _seed())
    if user is None:
        return _page("login.html", HTTPStatus.FORBIDDEN, fault="stale")
    fault = _fault_of(user, new)
    if fault:
        return _page("new_password.html", HTTPStatus.BAD_REQUEST, fault=fault, ticket=ticket)
    return _enter(signing_in.replace_password(user, new, sign_in.visitor()))


def _fault_of(user: User, new: str) -> str:
    """Return what is wrong with a new password: the name of a text, or nothing."""
    if new != request.form.get("repeat", ""):
        return "different"
    if len(new) > LONGEST:
        return "long"
    try:
        signing_in.check_new(user, new)
    except signing_in.SamePassword:
        return "same"
    except DomainError:
        return "weak"
    return ""


def _enter(user: User) -> AnyResponse:
    with transaction() as session:
        tokens = signing_in.enter(session, user, sign_in.visitor())
    response = redirect(_next(), HTTPStatus.SEE_OTHER)
    response.headers.update(_HEADERS)
    cookies.give(response, tokens)
    response.delete_cookie(_COOKIE, _PATH)
    return response


def _locked(error: RateLimited) -> AnyResponse:
    minutes = max(1, -(-error.retry_after // 60))
    response = _page("login.html", HTTPStatus.TOO_MANY_REQUESTS, fault="locked", minutes=minutes)
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _page(template: str, status: int = HTTPStatus.OK, **values: Any) -> AnyResponse:
    """Return a page whose form is bound to a cookie."""
    seed, chosen = _seed() or csrf.new_seed(), language()
    values |= _words(chosen, values)
    values |= {
        "username": request.form.get("username", "")[:_LONGEST_NAME],
        "csrf_token": csrf.of_form(seed),
    }
    common = {"lang": chosen, "texts": TEXTS[chosen], "languages": TEXTS, "next": _next()}
    text = render_template(template, version=VERSION, **common, **values)
    response = Response(text, status, _HEADERS, mimetype="text/html")
    response.vary.add("Accept-Language")
    response.headers["Content-Language"] = chosen
    _bind(response, seed)
    return response


def _words(chosen: str, values: Mapping[str, Any]) -> dict[str, str]:
    """Return what the page says here and now; a fault and a notice are names of texts."""
    texts, name = TEXTS[chosen], identity_provider.name()
    fault, notice = values.get("fault", ""), values.get("notice", "")
    filled = {"minutes": values.get("minutes"), "name": name or ""}
    return {
        "fault": getattr(texts, fault).format(**filled) if fault else "",
        "notice": getattr(texts, notice) if notice else "",
        "through": texts.through.format(**filled) if name else "",
    }


def _bind(response: Response, seed: str) -> None:
    response.set_cookie(
        _COOKIE, seed, path=_PATH, httponly=True, secure=came_by_tls(), samesite="Strict"
    )


def _seed() -> str:
    """Return what this browser's forms are bound to; nothing if there is no such cookie yet."""
    given = request.cookies.get(_COOKIE, "")
    return given if csrf.is_seed(given) else ""


def _next() -> str:
    """Return the place on our site to go to afterwards."""
    return own_path(request.form.get("next") or request.args.get("next", ""))
