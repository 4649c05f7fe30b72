"""What protects a person's browser: whose pages may call us, and what our own pages may do.

Without keys the only thing between a foreign page and a shell job are these rules: the Host
must be ours, a change must not come from elsewhere, and bodies must be JSON. Where keys are needed
the Host may be any: no browser sends a key by itself, and beside a cookie it needs a token.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import UnsupportedMediaType

from app.api.gate.address import came_by_tls
from app.domain.errors import Forbidden
from app.settings import LOOPBACK, Settings

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
#: Reads that browsers let any page begin, some of them with its user's cookies.
STREAMS: Final = frozenset({"events.stream_events", "log_stream.watch_log"})
_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_REQUEST_HEADERS = (
    "Content-Type, Authorization, X-API-Key, X-CSRF-Token, X-Session, Idempotency-Key, If-Match, "
    "If-None-Match, traceparent, tracestate"
)
_ANSWER_HEADERS = (
    "ETag, Idempotent-Replayed, Link, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "traceparent"
)
#: The route that takes a form.
FORM = "pages.take_sign_in"
_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def guard(app: Flask, settings: Settings) -> None:
    """Have every request pass the rules, and every answer carry the headers."""
    rules = _Rules(settings)
    app.before_request(rules.check)
    app.after_request(rules.mark)


class _Rules:
    def __init__(self, settings: Settings) -> None:
        self.origins = frozenset(origin.rstrip("/").lower() for origin in settings.allowed_origins)
        self.checks_host = not settings.auth_enabled
        hosts = {urlsplit(origin).hostname for origin in self.origins}
        self.hosts = LOOPBACK | {settings.host.lower()} | {host for host in hosts if host}

    def check(self) -> Response | None:
        """Refuse what must not be served; answer preflights."""
        if self.checks_host and name_of(request.host) not in self.hosts:
            raise Forbidden("this host name is not ours; see ALLOWED_ORIGINS")
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            return Response(status=HTTPStatus.NO_CONTENT)
        if request.method not in _READS:
            self._check_origin()
            _check_body()
        elif request.endpoint in STREAMS:
            self._check_origin()
        return None

    def _check_origin(self) -> None:
        origin = request.headers.get("Origin")
        if origin is not None and self._is_allowed(origin):
            return
        from_here = request.headers.get("Sec-Fetch-Site", "none") in {"none", "same-origin"}
        if not from_here or (origin is not None and not _is_own(origin)):
            raise Forbidden("a page of another origin may not change anything here")

    def _is_allowed(self, origin: str) -> bool:
        return origin.lower() in self.origins

    def mark(self, response: Response) -> Response:
        """Add the headers that browsers obey."""
        given = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - not pairs
        for name, value in _SECURITY.items():
            if name.lower() not in given:
                response.headers.add(name, value)
        if came_by_tls():
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if request.path.startswith(("/api", "/health")):
            response.headers.setdefault("Cache-Control", "no-store")
        if self.origins:
            self._open(response)
        return response

    def _open(self, response: Response) -> None:
        response.vary.add("Origin")
        origin = request.headers.get("Origin", "")
        if not self._is_allowed(origin):
            return
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = _ANSWER_HEADERS
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if "Access-Control-Request-Method" in request.headers:
            response.headers["Access-Control-Allow-Methods"] = _METHODS
            response.headers["Access-Control-Allow-Headers"] = _REQUEST_HEADERS
            response.headers["Access-Control-Max-Age"] = "600"


def name_of(host: str) -> str:
    """Return the name in a Host header, without port and brackets."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_own(origin: str) -> bool:
    """Return whether the page came from the very address that it calls."""
    parts = urlsplit(origin)
    return parts.scheme in {"http", "https"} and parts.netloc.lower() == request.host.lower()


def _check_body() -> None:
    has_body = bool(request.content_length) or "Transfer-Encoding" in request.headers
    if has_body and not request.is_json and not _is_own_form():
        raise UnsupportedMediaType("the body must be JSON (Content-Type: application/json)")


def _is_own_form() -> bool:
    """Return whether this is the one form that works without JavaScript; it has its own token."""
    return request.endpoint == FORM and request.mimetype == "application/x-www-form-urlencoded"
