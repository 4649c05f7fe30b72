"""The streams in the API's document: they are told of by hand, as no schema answers for them."""

from typing import Any, Final

from apispec import APISpec
from werkzeug.routing import Map

_ERRORS: Final = {"default": {"$ref": "#/components/responses/DEFAULT_ERROR"}}
_TEXT: Final = {"schema": {"type": "string"}}
_EVENTS: Final[dict[str, Any]] = {
    "operationId": "streamEvents",
    "summary": "Tell what changes, while it changes, as server-sent events",
    "tags": ["live"],
    "parameters": [
        {
            "in": "header",
            "name": "Last-Event-ID",
            "required": False,
            "schema": {"type": "string"},
            "description": "Go on behind this event; browsers send it by themselves",
        }
    ],
    "responses": {
        "200": {"description": "A stream without an end", "content": {"text/event-stream": _TEXT}},
        "503": {"description": "Too many streams are open; ask again, or poll"},
        **_ERRORS,
    },
}
_LOG: Final[dict[str, Any]] = {
    "operationId": "watchLog",
    "summary": "WebSocket: the output of an execution from a line on, and then as it comes",
    "tags": ["live"],
    "parameters": [
        {
            "in": "query",
            "name": "after",
            "required": False,
            "schema": {"type": "integer", "minimum": 0, "default": 0},
            "description": "The last number known",
        },
        {
            "in": "query",
            "name": "ticket",
            "required": False,
            "schema": {"type": "string"},
            "description": "From POST …/logs/ticket, good once; for who can send no header",
        },
    ],
    "responses": {
        "101": {"description": "The socket is open. Close code 4429: too many streams are open"},
        **_ERRORS,
    },
}


_STREAMS: Final = {
    "/api/events": _EVENTS,
    "/api/executions/<execution_id>/logs/live": _LOG,
    "/api/runs/<execution_id>/logs/live": _LOG | {"operationId": "watchRunLog"},
}


def describe(spec: APISpec, routes: Map) -> None:
    """Add the streams to the document."""
    for rule in routes.iter_rules():
        if rule.rule in _STREAMS:
            spec.path(rule=rule, operations={"get": dict(_STREAMS[rule.rule])}, parameters=[])
