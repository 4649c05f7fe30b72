"""A WebSocket client for tests."""

import contextlib
import json
import socket
import time
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import LocalProtocolError


class Watcher:
    """A socket that reads what it is sent."""

    def __init__(self, url, path, headers=None):

        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=20)
        self.link = WSConnection(ConnectionType.CLIENT)
        more = [(n.encode(), v.encode()) for n, v in (headers or {}).items()]
        self.say(Request(host=parts.netloc, target=path, extra_headers=more))
        self.messages = []
        self.text = ""
        self.status = self.code = None
        while self.status is None:
            self.read()

    def say(self, event):
        """Send an event."""
        self.socket.sendall(self.link.send(event))

    def read(self):
        """Read once; return whether anything came."""
        data = self.socket.recv(262_144)
        self.link.receive_data(data or None)
        for event in self.link.events():
            self._take(event)
        return bool(data)

    def _take(self, event):
        if isinstance(event, AcceptConnection):
            self.status = 101
        elif isinstance(event, RejectConnection):
            self.status = event.status_code
        elif isinstance(event, TextMessage):
            self.text += event.data
            if event.message_finished:
                self.messages.append(json.loads(self.text))
                self.text = ""
        elif isinstance(event, Ping):
            self.say(event.response())
        elif isinstance(event, CloseConnection):
            self.code = event.code
            with contextlib.suppress(LocalProtocolError, OSError):
                self.say(event.response())

    def until_closed(self, seconds=30):
        """Read to the end; return the code."""
        deadline = time.monotonic() + seconds
        while self.code is None and time.monotonic() < deadline:
            if not self.read():
                break
        return self.code

    def until(self, true, seconds=20):
        """Read until something is true."""
        deadline = time.monotonic() + seconds
        while not true(self):
            assert time.monotonic() < deadline, self.messages[-3:]
            assert self.read(), (self.code, self.messages[-3:])

    def lines(self):
        """Return numbers and texts of the lines."""
        told = [m for m in self.messages if m["type"] == "log"]
        return [pair for m in told for pair in enumerate(m["lines"], m["number"])]

    def kinds(self):
        """Return the kinds of messages."""
        return [m["type"] for m in self.messages]

    def close(self):
        """Go away."""
        self.socket.close()
