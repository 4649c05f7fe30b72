"""``WS /api/executions/:id/logs/live``: what an execution prints, while it does."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from flask import Blueprint, Flask, Response, current_app, g, request

from app.api.gate import auth
from app.api.live.room import room
from app.api.live.socket import (
    GOING_AWAY,
    NOT_ALLOWED,
    NOT_KNOWN,
    TOO_MANY,
    Closed,
    Over,
    Socket,
)
from app.domain.errors import NotFound, invalid
from app.domain.ids import normalise_id
from app.services.access import ANYBODY, Principal
from app.services.live import ending, messages, output, visible
from app.services.live.output import Outputs
from app.services.live.watched import Place, Watched

blp = Blueprint("log_stream", __name__)

CHECK_SECONDS: Final = 3.0
_WAIT_SECONDS: Final = 1.0
#: One socket is written to no more often; one that was quiet is written to at once.
_PACE_SECONDS: Final = 0.005
#: The more watch, the less often each is written to: together they cost about the same.
_WATCHERS_A_PACE: Final = 5
_SLOWEST_SECONDS: Final = 0.1
_EXTENSION: Final = "oneoff_outputs"
_LONGEST_NUMBER: Final = 16


def install(app: Flask) -> None:
    """Add the route, and what reads the output for it."""
    app.extensions[_EXTENSION] = Outputs()
    app.register_blueprint(blp)


@blp.get("/api/executions/<execution_id>/logs/live", websocket=True)
@blp.get("/api/runs/<execution_id>/logs/live", websocket=True)
def watch_log(execution_id: str) -> Response:
    """Send the lines behind ``after``, then each as it comes, until the execution has ended."""
    known, after = normalise_id(execution_id), _after()
    who: Principal = g.get("principal", ANYBODY)
    if known is None or not visible.may_see_execution(who.sight, known):
        raise NotFound("Execution not found")
    return _streamed(who, known, after)


def _streamed(who: Principal, known: str, after: int) -> Response:
    ask = auth.later()
    request.environ.get("oneoff.end_turn", lambda: None)()
    with contextlib.suppress(Closed):
        link = Socket()
        try:
            _seated(link, who, lambda: _watch(link, known, ask, after))
        finally:
            link.drop()
    g.request_began = time.perf_counter()  # it says nothing of how fast we answer
    return Over()


def _seated(link: Socket, who: Principal, act: Callable[[], None]) -> None:
    seat = room().enter(who.caller)
    if seat is None:
        link.close(TOO_MANY, "too many streams are open")
        return
    try:
        act()
    finally:
        seat.leave()


def _watch(link: Socket, known: str, ask: Callable[[], Principal | None], after: int) -> None:
    outputs = _outputs()
    watched = outputs.join(known)
    try:
        _Stream(link, watched, ask, after).run()
    finally:
        outputs.leave(watched)


def _outputs() -> Outputs:
    found: Outputs = current_app.extensions[_EXTENSION]
    return found


def _after() -> int:
    text = request.args.get("after") or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise invalid("after", "must be the number of a line", text)
    return int(text)


class _Stream:
    """One socket, and where it stands in the output that it is told."""

    def __init__(
        self, link: Socket, watched: Watched, ask: Callable[[], Principal | None], after: int
    ) -> None:
        self._link = link
        self._watched = watched
        self._ask = ask
        self._place = Place(after)
        self._asked_at = self._sent_at = time.monotonic()

    def run(self) -> None:
        """Send until the execution, the permission, the process or the client has gone."""
        self._catch_up()
        while not self._is_refused():
            taken = self._watched.take(self._place, _WAIT_SECONDS)
            self._place = taken.place
            self._send(taken.frames)
            if taken.is_end:
                self._send([messages.end()])
                self._link.close(1000)
                return

    def _catch_up(self) -> None:
        """Send what was printed before, up to what is kept for all."""
        while self._place.line + 1 < self._watched.first_kept() and not self._is_refused():
            found = output.replay(self._watched.execution_id, self._place.line)
            if not found:
                return
            self._place = replace(self._place, line=found[-1].last)
            self._send([one.frame for one in found])

    def _send(self, frames: list[bytes]) -> None:
        """Send frames, not too often: what comes meanwhile goes together with the next."""
        self._link.listen()
        self._link.send(frames)
        if frames:
            pace = _PACE_SECONDS * max(1.0, self._watched.watchers / _WATCHERS_A_PACE)
            pause = self._sent_at + min(pace, _SLOWEST_SECONDS) - time.monotonic()
            time.sleep(max(pause, 0))
            self._sent_at = time.monotonic()

    def _is_refused(self) -> bool:
        """Close and return whether it must end: the process does, or who watches may no more."""
        if ending.is_near():
            self._refuse(GOING_AWAY, "the server stops; come back")
        if time.monotonic() - self._asked_at >= CHECK_SECONDS:
            self._asked_at = time.monotonic()
            who = self._ask()
            if who is None:
                self._refuse(NOT_KNOWN, "who are you?")
            elif who.sight.is_limited and not self._may_see(who):
                self._refuse(NOT_ALLOWED, "this is not yours to see any more")
        return False

    def _may_see(self, who: Principal) -> bool:
        return visible.may_see_execution(who.sight, self._watched.execution_id)

    def _refuse(self, code: int, reason: str) -> None:
        self._link.close(code, reason)
        raise Closed
