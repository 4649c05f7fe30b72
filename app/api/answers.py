"""Answers: JSON by orjson, with moments in RFC 3339."""

from typing import Any

import orjson
from flask import Flask, Response, g
from flask.json.provider import JSONProvider

from app.domain.clock import to_wire
from app.services.access import ANYBODY, Principal
from app.services.listing import Page

_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


class OrjsonProvider(JSONProvider):
    """JSON as the whole application writes and reads it."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """Return JSON text."""
        return encode(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """Return the value of a JSON text."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """Return an answer that holds JSON."""
        value = self._prepare_response_obj(args, kwargs)
        return Response(encode(value), mimetype="application/json")


def install(app: Flask) -> None:
    """Have the application use this JSON."""
    app.json = OrjsonProvider(app)


def encode(value: Any) -> bytes:
    """Return a value as JSON."""
    return orjson.dumps(value, default=to_wire, option=_OPTIONS)


def answer(body: dict[str, Any], status: int = 200, etag: object = None) -> Response:
    """Return an answer with this body."""
    response = Response(encode(body), status, mimetype="application/json")
    if etag is not None:
        response.headers["ETag"] = f'"{etag}"'
    return response


def data(value: Any, status: int = 200, etag: object = None) -> Response:
    """Return an answer that holds one thing."""
    return answer({"data": value}, status, etag)


def job(value: dict[str, Any], status: int = 200) -> Response:
    """Return an answer that holds a job; its version is the ETag."""
    return data(value, status, value["version"])


def listed(page: Page[dict[str, Any]]) -> Response:
    """Return an answer that holds a page of a list."""
    body: dict[str, Any] = {
        "data": page.rows,
        "total": page.total,
        "limit": page.limit,
        "offset": page.offset,
        "next_cursor": page.next_cursor,
    }
    if page.is_capped:
        body["total_is_capped"] = True
    return answer(body)


def actor() -> str:
    """Return who asks."""
    return str(g.get("actor", "anonymous"))


def caller() -> str:
    """Return what tells the one who asks from all others: names may be alike, this is not."""
    return str(g.get("caller", actor()))


def principal() -> Principal:
    """Return who asks, with what may be done and seen: everything while authentication is off."""
    known: Principal = g.get("principal", ANYBODY)
    return known
