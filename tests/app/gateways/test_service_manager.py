"""What reaches the service manager's socket."""

import os
import socket
from pathlib import Path

import pytest

from app.gateways.service_manager import ServiceManager


def _heard(address: str, bound: str | bytes) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(bound)
        ear.settimeout(5)
        ServiceManager(address).tell("READY=1", "STATUS=well")
        return ear.recv(1000).decode()


def test_a_message_reaches_a_socket_in_a_folder_and_one_without_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    assert _heard(path, path) == "READY=1\nSTATUS=well"
    name = f"oneoff-test-{os.getpid()}"
    assert _heard(f"@{name}", f"\0{name}") == "READY=1\nSTATUS=well"


def test_without_a_manager_or_with_a_deaf_one_nothing_happens(tmp_path: Path) -> None:
    ServiceManager().tell("READY=1")
    ServiceManager(str(tmp_path / "nobody")).tell("READY=1")


@pytest.mark.parametrize(("given", "seconds"), [("60000000", 60.0), ("", 0.0), ("soon", 0.0)])
def test_the_environment_names_the_manager_once(
    monkeypatch: pytest.MonkeyPatch, given: str, seconds: float
) -> None:
    for name, value in {
        "NOTIFY_SOCKET": "@it",
        "WATCHDOG_USEC": given,
        "WATCHDOG_PID": "1",
    }.items():
        monkeypatch.setenv(name, value)
    assert ServiceManager.of_this_start() == ServiceManager("@it", seconds)
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()
