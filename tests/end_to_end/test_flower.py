"""``oneoff flower`` shows executions, and no more than they show of themselves."""

import base64
import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.product import ROOT, Product, free_port, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

LOGIN = "op:pass word"


class Flower:
    """A running Flower, and a way to ask it."""

    def __init__(self, product: Product, tmp_path: Path) -> None:
        self.port = free_port()
        logins = tmp_path / "logins"
        logins.write_text(f"{LOGIN}\n")
        options = ["--flower-port", str(self.port), "--login-file", str(logins)]
        with (tmp_path / "flower.log").open("wb") as log:
            self.process = subprocess.Popen(
                [ROOT / "oneoff", "flower", *options],
                env=product.environ,
                cwd=product.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ask(self, method: str, path: str, login: str = LOGIN) -> tuple[int, str]:
        """Return status and body of an answer."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=10)
        token = base64.b64encode(login.encode()).decode()
        try:
            connection.request(method, path, headers={"Authorization": f"Basic {token}"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def tasks(self) -> dict[str, Any]:
        """Return all tasks it knows, by id."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = self.ask("GET", "/api/tasks")
            return json.loads(body) if status == 200 else {}
        return {}

    def workers(self) -> list[str]:
        """Return the names of the workers that are online."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = self.ask("GET", "/api/workers?status=1")
            found = json.loads(body) if status == 200 else {}
            return [name for name, is_online in found.items() if is_online]
        return []


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The product; the database makes no difference here."""
    with running(tmp_path / "product") as started:
        yield started


@pytest.fixture
def flower(product: Product, tmp_path: Path) -> Iterator[Flower]:
    """Flower, once it has seen all workers."""
    started = Flower(product, tmp_path)
    until(lambda: len(started.workers()) == 3, 40, "Flower sees three workers")
    yield started
    started.process.terminate()
    started.process.wait(10)


def test_each_execution_is_a_task_and_rings_are_not_shown(product: Product, flower: Flower) -> None:
    name = "a job with a name that is longer than what Flower is told of it, by far"
    jobs = {
        "SUCCESS": product.create("echo hi", name=name),
        "FAILURE": product.create("echo secret-word >&2; exit 3"),
        "REVOKED": product.create("sleep 60"),
    }
    until(lambda: product.last(jobs["REVOKED"]["id"])["status"] == "running", 10, "it runs")
    product.ask("POST", f"/api/jobs/{jobs['REVOKED']['id']}/cancel", {"force": True})
    ids = {product.ended(job["id"])["id"]: state for state, job in jobs.items()}

    def states() -> dict[str, str]:
        return {uuid: task["state"] for uuid, task in flower.tasks().items()}

    until(lambda: states() == ids, 10, "the three executions and their ends")
    shown = {task["state"]: task for task in flower.tasks().values()}
    assert shown["SUCCESS"]["name"] == f"shell: {name}"[:60]
    assert shown["FAILURE"]["exception"] == "EXIT_CODE exit code 3"
    assert "secret-word" not in json.dumps(flower.tasks())


def test_strangers_see_nothing_and_nobody_stops_a_worker(product: Product, flower: Flower) -> None:
    for path in ("/api/tasks", "/tasks", "/workers"):
        assert flower.ask("GET", path, "op:wrong")[0] == 401, path
    (name, *_) = flower.workers()
    assert flower.ask("POST", f"/api/worker/shutdown/{name}")[0] in {403, 405}
    assert product.consumes()


@pytest.mark.parametrize(
    ("options", "login", "word"),
    [
        (["--address", "0.0.0.0"], "", "needs a login"),
        ([], "nobody", "USER:PASSWORD"),
        ([], ":x", "USER:PASSWORD"),
        (["--flower-port", "0"], "", "--flower-port"),
    ],
)
def test_what_would_let_strangers_in_is_refused(
    tmp_path: Path, options: list[str], login: str, word: str
) -> None:
    product = Product(tmp_path / "product", FLOWER_BASIC_AUTH=login)
    done = subprocess.run(
        [ROOT / "oneoff", "flower", *options],
        env=product.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
