"""The trace that a request belongs to: the caller's, else a new one."""

import time

from flask import Flask, Response, g, request

from app.services import tracing
from app.services.tracing import Span

#: What tools and browsers ask for again and again; spans of it would only be noise.
_UNWATCHED = ("/health", "/metrics", "/assets/")


def install(app: Flask) -> None:
    """Give each request a place in a trace, and say it in each answer."""
    app.before_request(_begin)
    app.after_request(_say)
    app.teardown_request(_end)


def trace_id() -> str:
    """Return the id of this request's trace."""
    return _span().point.trace_id


def _begin() -> None:
    _span()


def _span() -> Span:
    known: Span | None = g.get("span")
    if known is None:
        given, is_watched = request.headers.get("traceparent", ""), _is_watched()
        begun = tracing.begin_request(request.method, _route(), given, is_watched=is_watched)
        known = g.span = begun.enter()
        g.span_began = time.perf_counter()
    return known


def _say(response: Response) -> Response:
    span = _span()
    response.headers["traceparent"] = str(span.point)
    response.headers["X-Trace-Id"] = span.point.trace_id
    if _is_watched():
        took = time.perf_counter() - g.span_began
        tracing.end_request(span, request.method, _route(), response.status_code, took)
    return response


def _end(_error: BaseException | None) -> None:
    span: Span | None = g.pop("span", None)
    if span is not None:
        span.end()
        span.leave()


def _is_watched() -> bool:
    return not request.path.startswith(_UNWATCHED)


def _route() -> str:
    """Return the template of the address: in the address itself there may be a secret."""
    return request.url_rule.rule if request.url_rule else ""
