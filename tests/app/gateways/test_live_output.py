"""What is told of an execution is heard, however much it is and however Redis is just then."""

import contextlib
import socket
import threading
import time

import orjson
import pytest
import redis

from app.domain.ids import new_id
from app.gateways import live_output, live_place


@pytest.fixture
def place(broker_socket):
    """The Redis of the live feed."""
    url = f"redis+socket://{broker_socket}"
    live_place.configure(url, "test-live:")
    yield url
    live_place.configure("", "")


@pytest.fixture
def ear(request):
    """What hears one execution; its id comes with it."""
    request.getfixturevalue("line" if "line" in request.fixturenames else "place")
    ear, execution_id = live_output.Ear(), new_id()
    ear.listen_to([execution_id])
    while (
        live_place.here().client().pubsub_numsub(f"test-live:live-output-{execution_id}")[0][1] < 1
    ):
        ear.read(0.01)
    yield ear, execution_id
    ear.close()


def numbered(number, size=10):
    return {"type": "log", "number": number, "lines": ["x" * size]}


def heard(ear, count):
    """Return what has come once it is so much."""
    found: list[object] = []
    deadline = time.monotonic() + 20
    while len(found) < count:
        assert time.monotonic() < deadline, f"{len(found)} came"
        found += ear.read(0.01)
    return found


class Line:
    """A line to a Redis that brings only so many bytes of what it says, until it is freed."""

    def __init__(self, path, server):
        self._near = socket.socket(socket.AF_UNIX)
        self._near.bind(str(path))
        self._near.listen()
        self._server = str(server)
        self.left = 10**9
        self.is_free = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, far = self._near.accept()[0], socket.socket(socket.AF_UNIX)
                far.connect(self._server)
                for pump in (self._ask, self._answer):
                    threading.Thread(target=pump, args=(near, far), daemon=True).start()

    def _ask(self, near, far):
        with contextlib.suppress(OSError):
            while data := near.recv(65_536):
                far.sendall(data)
        far.close()

    def _answer(self, near, far):
        with contextlib.suppress(OSError):
            while data := far.recv(65_536):
                near.sendall(data[: self.left])
                rest, self.left = data[self.left :], max(self.left - len(data), 0)
                if rest:
                    self.is_free.wait(20)
                    near.sendall(rest)
        near.close()

    def close(self):
        self._near.close()


@pytest.fixture
def line(tmp_path, broker_socket):
    """A line to the Redis of the live feed, in place of that."""
    line = Line(tmp_path / "line.sock", broker_socket)
    live_place.configure(f"redis+socket://{tmp_path / 'line.sock'}", "test-live:")
    yield line
    line.close()
    live_place.configure("", "")


def test_a_message_that_has_come_in_part_is_waited_for(line, ear, broker_socket):
    ear, execution_id = ear
    says = [numbered(1, 20_000)]
    line.left = 5_000
    with redis.Redis(unix_socket_path=str(broker_socket)) as client:
        client.publish(f"test-live:live-output-{execution_id}", orjson.dumps(says))
    while line.left:
        time.sleep(0.01)
    threading.Timer(0.1, line.is_free.set).start()
    assert heard(ear, 1) == [(execution_id, says[0])]


def test_what_redis_does_not_take_is_told_again(ear, place, broker_socket, tmp_path, monkeypatch):
    ear, execution_id = ear
    away = tmp_path / "redis.sock"
    live_place.configure(f"redis+socket://{away}", "test-live:")
    live_output.publish(execution_id, numbered(0))
    teller = live_output._teller_here()
    deadline = time.monotonic() + 20
    given_back = threading.Event()
    give_back = teller._give_back

    def noted(batch, size):
        give_back(batch, size)
        given_back.set()

    monkeypatch.setattr(teller, "_give_back", noted)
    while not given_back.is_set():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert live_output.is_wanted(execution_id)
    live_output.publish(execution_id, numbered(1))
    away.symlink_to(broker_socket)
    assert heard(ear, 2) == [(execution_id, numbered(0)), (execution_id, numbered(1))]


def test_what_waits_for_redis_is_bounded(place, tmp_path):
    live_place.configure(f"redis+socket://{tmp_path / 'none'}", "test-live:")
    execution_id, size = new_id(), 1024**2
    for number in range(50):
        live_output.publish(execution_id, numbered(number), size)
    teller = live_output._teller_here()
    assert teller._bytes <= live_output._WAITING_BYTES + size
    live_output.publish(execution_id, numbered(50), live_output._WAITING_BYTES - teller._bytes)
    assert sum(map(len, teller._waiting.values())) <= 10
