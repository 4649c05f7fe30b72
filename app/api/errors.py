"""Errors on the wire: one table from what went wrong to its code and HTTP number."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import flask_smorest
import marshmallow as ma
import orjson
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from app.api.trace import trace_id
from app.domain.errors import (
    Conflict,
    DomainError,
    Fault,
    Forbidden,
    Invalid,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
    shorten,
)
from app.services import database_errors

log = logging.getLogger(__name__)

#: What a broken rule is in HTTP.
STATUS: Final[dict[type[DomainError], HTTPStatus]] = {
    Invalid: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
#: What HTTP's own refusals are called by us, and how they read.
CODES: Final = {
    400: ("VALIDATION_ERROR", "the request can't be understood"),
    401: ("UNAUTHENTICATED", "say who you are"),
    403: ("UNAUTHORIZED", "this is not allowed"),
    404: ("NOT_FOUND", "there is nothing at this address"),
    405: ("METHOD_NOT_ALLOWED", "this address does not take this method"),
    406: ("NOT_ACCEPTABLE", "the answer is not available in this form"),
    409: ("CONFLICT", "the present state does not allow this"),
    413: ("PAYLOAD_TOO_LARGE", "the body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "the body must be JSON (Content-Type: application/json)"),
    422: ("VALIDATION_ERROR", "the request is not valid"),
    429: ("RATE_LIMITED", "too many requests; try again later"),
    431: ("HEADERS_TOO_LARGE", "the headers are too large"),
    503: ("UNAVAILABLE", "not available at present; try again"),
}
_PROBLEM: Final = "application/problem+json"
#: Fields whose values are not shown again, whatever is wrong with them.
_SECRET: Final = re.compile("password|token", re.IGNORECASE)


class FaultSchema(ma.Schema):
    """One thing wrong in an input."""

    field = ma.fields.String(metadata={"description": "Where, such as config.url"})
    message = ma.fields.String(metadata={"description": "What is wrong"})
    value = ma.fields.String(metadata={"description": "What was given, shortened"})


class ErrorSchema(ma.Schema):
    """Why a request was refused."""

    error = ma.fields.String(required=True, metadata={"description": "For people"})
    code = ma.fields.String(required=True, metadata={"description": "For programs"})
    details = ma.fields.Raw(
        required=True,
        allow_none=True,
        metadata={"description": "With VALIDATION_ERROR: a list of field, message, value"},
    )
    trace_id = ma.fields.String(required=True, metadata={"description": "To find it in the logs"})


class Api(flask_smorest.Api):
    """The API whose errors look like ours."""

    ERROR_SCHEMA = ErrorSchema

    def _register_error_handlers(self) -> None:
        install(self._app)


def install(app: Flask) -> None:
    """Answer every error in one form."""
    app.register_error_handler(DomainError, refuse)
    app.register_error_handler(HTTPException, _refuse_http)
    app.register_error_handler(Exception, _fail)


def refuse(error: DomainError) -> Response:
    """Answer a broken rule."""
    answer = _answer(status_of(error), error.code, str(error), error.details)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


def status_of(error: DomainError) -> int:
    """Return the HTTP number of a broken rule."""
    kinds = (kind for kind in type(error).__mro__ if kind in STATUS)
    return int(STATUS[kind]) if (kind := next(kinds, None)) else 500


def body_of(error: DomainError) -> dict[str, Any]:
    """Return a broken rule as it stands inside of other answers."""
    return {"error": str(error), "code": error.code, "details": error.details}


def _refuse_http(error: HTTPException) -> Response:
    status = error.code or 500
    code, text = CODES.get(status, ("INTERNAL_ERROR", "this did not work"))
    faults = _faults_of_parser(error) if status == 422 else None
    if faults:
        return refuse(Invalid(faults))
    answer = _answer(400 if status == 422 else status, code, text, None)
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}:
            answer.headers[name] = value
    return answer


def _faults_of_parser(error: HTTPException) -> list[Fault]:
    messages = (getattr(error, "data", None) or {}).get("messages") or {}
    return [fault for part in messages.values() for fault in flat_faults(part)]


def _fail(error: Exception) -> Response:
    known = database_errors.meaning(error)
    if known is not None:
        log.warning("%s: %s", type(error).__name__, known, extra={"trace_id": trace_id()})
        return refuse(known)
    log.exception("a request failed", exc_info=error, extra={"trace_id": trace_id()})
    return _answer(500, "INTERNAL_ERROR", "something went wrong; the logs tell by trace_id", None)


def flat_faults(messages: Any, data: Any = None, path: str = "") -> list[Fault]:
    """Return marshmallow's nested messages as a flat list, with the values they are about."""
    if isinstance(messages, dict):
        place = (
            {name: index for index, name in enumerate(data)} if isinstance(data, Mapping) else {}
        )
        return [
            fault
            for name in sorted(messages, key=lambda name: place.get(name, -1))
            for fault in flat_faults(messages[name], _part(data, name), _path(path, name))
        ]
    value = None if data is None or _SECRET.search(path) else shorten(data)
    return [Fault(path, str(message), value) for message in messages]


def _path(outer: str, name: Any) -> str:
    return outer if name == "_schema" else f"{outer}.{shorten(str(name))}".strip(".")


def _part(data: Any, name: Any) -> Any:
    if name == "_schema":
        return None
    try:
        part = data[name]
    except (KeyError, IndexError, TypeError):
        return None
    return None if part is ma.missing else part  # so queries say that they hold nothing


def _answer(status: int, code: str, text: str, details: object) -> Response:
    if _PROBLEM in request.headers.get("Accept", ""):
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": text,
            "instance": request.path,
            "code": code,
            "details": details,
            "trace_id": trace_id(),
        }
        return Response(orjson.dumps(problem, default=str), status, mimetype=_PROBLEM)
    body = {"error": text, "code": code, "details": details, "trace_id": trace_id()}
    return Response(orjson.dumps(body, default=str), status, mimetype="application/json")
