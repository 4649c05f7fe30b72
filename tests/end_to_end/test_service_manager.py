"""What a service manager hears while the product comes, works, hangs and goes."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import Product, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]

WATCHDOG_SECONDS = 3


class Ear:
    """A socket as systemd gives it to a service."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0.0)

    def listen(self) -> list[str]:
        """Take in what has come; return all lines so far."""
        while True:
            try:
                self.lines += self._socket.recv(4096).decode().splitlines()
            except BlockingIOError:
                return self.lines

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def signs(self) -> int:
        """Return how many signs of life have come."""
        return self.listen().count("WATCHDOG=1")

    def is_silent_for(self, seconds: float) -> bool:
        """Return whether no sign of life comes for so long."""
        before = self.signs()
        time.sleep(seconds)
        return self.signs() == before


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    """The ear of a service manager."""
    made = Ear(tmp_path / "notify")
    yield made
    made.close()


@pytest.fixture
def service(ear: Ear, tmp_path: Path) -> Iterator[Product]:
    """The product as a service."""
    settings: dict[str, Any] = {
        "NOTIFY_SOCKET": str(ear.path),
        "WATCHDOG_USEC": str(WATCHDOG_SECONDS * 1_000_000),
        "SHELL_ENV_ALLOW": "*",
    }
    with running(tmp_path / "product", **settings) as product:
        yield product


def test_it_hears_ready_then_signs_of_life_and_at_the_end_that_it_stops(
    service: Product, ear: Ear
) -> None:
    until(lambda: "READY=1" in ear.listen(), 5, "READY")
    until(lambda: ear.signs() >= 3, 4 * WATCHDOG_SECONDS, "signs of life")
    assert ear.lines.index("READY=1") < ear.lines.index("WATCHDOG=1")
    assert any(line.startswith("STATUS=at work") for line in ear.lines)
    job = service.create("env | grep -c -e NOTIFY_SOCKET -e WATCHDOG_")
    assert service.ended(job["id"])["output"].strip() == "0", "jobs can't speak for the product"
    assert "STOPPING=1" not in ear.listen()
    assert service.stop() == 0
    assert "STOPPING=1" in ear.listen()


def test_signs_of_life_stay_away_while_the_worker_takes_nothing_and_come_back_with_it(
    service: Product, ear: Ear
) -> None:
    until(lambda: ear.signs() >= 1, 4 * WATCHDOG_SECONDS, "a sign of life")
    worker = service.role("worker")
    worker.suspend()
    until(lambda: "STATUS=nobody serves: run" in ear.listen(), 40, "it is noticed")
    assert ear.is_silent_for(WATCHDOG_SECONDS)
    worker.resume()
    before = ear.signs()
    until(lambda: ear.signs() > before, 20, "a sign of life again")


def test_signs_of_life_stay_away_while_the_api_does_not_answer(service: Product, ear: Ear) -> None:
    until(lambda: ear.signs() >= 1, 4 * WATCHDOG_SECONDS, "a sign of life")
    server = service.role("api").children()[0]
    server.suspend()
    until(lambda: any("does not answer" in line for line in ear.listen()), 20, "it is noticed")
    assert ear.is_silent_for(WATCHDOG_SECONDS)
    server.resume()
    before = ear.signs()
    until(lambda: ear.signs() > before, 20, "a sign of life again")
