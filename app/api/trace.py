"""The trace that a request belongs to: the caller's, else a new one."""

import os
import re

from flask import Flask, Response, g, request

_FORM = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_ZERO = {"0" * 32, "0" * 16}


def install(app: Flask) -> None:
    """Give each request a trace id, and say it in each answer."""
    app.before_request(_begin)
    app.after_request(_say)


def trace_id() -> str:
    """Return the id of this request's trace."""
    known: str | None = g.get("trace_id")
    if known is None:
        known = g.trace_id = _given() or os.urandom(16).hex()
    return known


def _begin() -> None:
    trace_id()


def _given() -> str | None:
    found = _FORM.fullmatch(request.headers.get("traceparent", "").strip())
    if found is None or {found[1], found[2]} & _ZERO:
        return None
    return found[1]


def _say(response: Response) -> Response:
    response.headers["traceparent"] = f"00-{trace_id()}-{os.urandom(8).hex()}-01"
    response.headers["X-Trace-Id"] = trace_id()
    return response
