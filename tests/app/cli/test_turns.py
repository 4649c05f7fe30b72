"""Requests take turns; streams give theirs back."""

import threading

from app.cli.api_server import Turns


def test_streams_do_not_take_the_turns_of_requests():
    """More threads than turns: what streams hold is not what requests wait for."""

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", environ["kind"])])
        return iter([b"x"])

    turns = Turns(app, 1)
    streams = [turns({"kind": "text/event-stream"}, lambda *_: None) for _ in range(5)]
    answer = turns({"kind": "text/plain"}, lambda *_: None)
    waiting = threading.Thread(target=lambda: turns({"kind": "text/plain"}, lambda *_: None))
    waiting.start()
    waiting.join(0.05)
    assert waiting.is_alive()
    answer.close()
    waiting.join(10)
    assert not waiting.is_alive()
    for one in streams:
        one.close()
