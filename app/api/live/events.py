"""``GET /api/events``: what changes in jobs and executions, as server-sent events."""

import time
from collections.abc import Callable, Iterator
from typing import Final

import orjson
from flask import Blueprint, Flask, Response, current_app, g, request

from app.api.errors import refuse
from app.api.gate import auth
from app.api.live.room import Seat, room
from app.domain.errors import Unavailable
from app.services.access import ANYBODY, Principal
from app.services.live import ending
from app.services.live.hub import Hub
from app.services.live.marks import Told, mark_of
from app.services.live.pages import Page

blp = Blueprint("events", __name__)

HEARTBEAT_SECONDS: Final = 15.0
#: So often it is looked whether the one who listens still may.
CHECK_SECONDS: Final = 3.0
_WAIT_SECONDS: Final = 1.0
_EXTENSION: Final = "oneoff_hub"
RETRY_AFTER: Final = "5"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def install(app: Flask) -> None:
    """Add the route, and the hub that it tells of."""
    app.extensions[_EXTENSION] = Hub()
    app.register_blueprint(blp)


def _hub() -> Hub:
    found: Hub = current_app.extensions[_EXTENSION]
    return found


@blp.get("/api/events")
def stream_events() -> Response:
    """Tell what changes, from now on or from behind the event named by ``Last-Event-ID``."""
    who: Principal = g.get("principal", ANYBODY)
    seat = room().enter(who.caller)
    return _full() if seat is None else _streamed(who, seat)


def _streamed(who: Principal, seat: Seat) -> Response:
    hub, last = _hub(), mark_of(request.headers.get("Last-Event-ID"))
    try:
        ask, page = auth.later(), hub.join(who.sight, last)
    except BaseException:
        seat.leave()
        raise
    response = Response(_events(page, ask, seat), mimetype="text/event-stream", headers=_HEADERS)

    def end() -> None:
        hub.leave(page)
        seat.leave()

    response.call_on_close(end)
    return response


def _full() -> Response:
    response = refuse(Unavailable("too many streams are open; ask now and then instead"))
    response.headers["Retry-After"] = RETRY_AFTER
    return response


def _events(page: Page, ask: Callable[[], Principal | None], seat: Seat) -> Iterator[bytes]:
    yield b"retry: 2000\n: live\n\n"
    spoke_at = asked_at = time.monotonic()
    # Without a look at the connection a closed page would keep its seat until it is written to.
    while not (ending.is_near() or seat.is_deserted()):
        has_gap, told = page.take(_WAIT_SECONDS)
        moment = time.monotonic()
        if moment - asked_at >= CHECK_SECONDS:
            who, asked_at = ask(), moment
            if who is None:
                return
            page.sight = who.sight
        text = (b"event: gap\ndata: {}\n\n" if has_gap else b"") + b"".join(map(_event, told))
        if not text and moment - spoke_at >= HEARTBEAT_SECONDS:
            text = b": still here\n\n"
        if text:
            spoke_at = moment
            yield text


def _event(told: Told) -> bytes:
    head = b"" if told.mark is None else f"id: {told.mark}\n".encode()
    return head + b"event: job-update\ndata: " + orjson.dumps(told.change.wire()) + b"\n\n"
