"""Brokers in tests: another one for a while, and what the real one holds."""

import contextlib
from collections.abc import Iterator
from queue import Empty
from typing import Any

from app.domain.ids import new_id
from app.gateways import broker


@contextlib.contextmanager
def another_broker(url: str) -> Iterator[None]:
    """Have this process speak to another broker within a block, and as before after it.

    What was made for the other one must not stay: its queues may have other names, and what the
    next test publishes would go where nobody looks.
    """
    before = broker._address
    broker.configure(url, new_id())
    try:
        yield
    finally:
        broker.configure("", new_id())  # forgets all that was made
        broker._address = before


def taken(queue: str) -> Iterator[Any]:
    """Take the messages of one of our queues from the broker, the first to be served first."""
    with broker.publisher().pool.acquire() as connection, contextlib.suppress(Empty):
        channel = connection.default_channel
        while True:
            yield channel.Message(channel._get(broker.real_name(queue)), channel=channel)
