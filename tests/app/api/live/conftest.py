"""The API on a port, with a live feed and without one."""

import contextlib
import time

import pytest

from app.factory import create_app
from app.gateways import broker, live_place
from app.services.live import ending
from app.settings import Settings
from tests.support.served import served
from tests.support.streams import Listener


@pytest.fixture(params=["feed", "rows"])
def feed(request, real_broker, broker_socket):
    """How changes come: by the feed, or from the rows where there is none."""
    has_feed = request.param == "feed"
    url = f"redis+socket://{broker_socket}" if has_feed else ""
    live_place.configure(url, broker.key_prefix())
    yield request.param
    live_place.configure("", "")


def until_empty(room):
    """Wait until no stream holds a connection to the database: servers leave their threads."""
    deadline = time.monotonic() + 20
    while room.count():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def serve(feed):
    """Serve applications with these settings, each with its own hub."""
    with contextlib.ExitStack() as stack:

        def start(**settings):
            app = create_app(Settings(**settings))
            stack.callback(app.extensions["oneoff_hub"].close)
            stack.callback(app.extensions["oneoff_outputs"].close)
            stack.callback(until_empty, app.extensions["oneoff_streams"])
            url = stack.enter_context(served(app))
            return app, url

        yield start
        ending.announce()
        ending.wake()
    ending._is_near = False


@pytest.fixture
def listen():
    """Open listeners, and close them at the end."""
    opened = []

    def start(url, **options):
        opened.append(Listener(url, **options))
        return opened[-1]

    yield start
    for one in opened:
        one.close()
