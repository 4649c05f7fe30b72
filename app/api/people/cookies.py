"""The cookies of a person's browser: two that scripts can't read, and one that they must."""

from typing import Any, Final

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from app.api.gate.address import came_by_tls
from app.api.gate.shown import ACCESS_COOKIE
from app.services.people import csrf
from app.services.people.sessions import Tokens

REFRESH_COOKIE: Final = "oneoff_refresh"
CSRF_COOKIE: Final = "oneoff_csrf"
#: What a browser's page says to have its tokens in cookies, and not in the answer.
HEADER: Final = "X-Session"
_PATHS: Final = {ACCESS_COOKIE: "/api", REFRESH_COOKIE: "/api/auth", CSRF_COOKIE: "/"}


def are_wanted() -> bool:
    """Return whether the tokens shall go into cookies."""
    return request.headers.get(HEADER, "").strip().lower() == "cookie"


def refresh_token() -> str:
    """Return the refresh token in the cookie, or nothing."""
    return request.cookies.get(REFRESH_COOKIE, "")


def give(response: AnyResponse, tokens: Tokens) -> None:
    """Have the browser keep the tokens."""
    seconds = tokens.refresh_seconds
    _set(response, ACCESS_COOKIE, tokens.access, tokens.access_seconds)
    _set(response, REFRESH_COOKIE, tokens.refresh, seconds)
    _set(response, CSRF_COOKIE, csrf.of_session(tokens.session_id), seconds, httponly=False)


def take_away(response: Response) -> None:
    """Have the browser forget the tokens."""
    for name in _PATHS:
        response.delete_cookie(name, **_kind(name, httponly=name != CSRF_COOKIE))


def _set(
    response: AnyResponse, name: str, value: str, seconds: int, *, httponly: bool = True
) -> None:
    response.set_cookie(name, value, max_age=seconds, **_kind(name, httponly=httponly))


def _kind(name: str, *, httponly: bool) -> dict[str, Any]:
    return {
        "path": _PATHS[name],
        "httponly": httponly,
        "secure": came_by_tls(),
        "samesite": "Strict",
    }
