"""Docker jobs whose image has to come first, and those that find no engine or lose it."""

import gc
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.specs.docker import DockerSpec
from tests.architecture.source import ROOT
from tests.support.docker_engine import DockerEngine
from tests.support.registry import Registry
from tests.workers.executors.docker_runs import Attempts, sh
from workers.executors.base import Options
from workers.executors.docker import DockerExecutor
from workers.executors.docker_order import name_of


@pytest.fixture
def executor(options: Options, docker_engine: DockerEngine) -> Iterator[DockerExecutor]:
    made = replace(options, docker_host=docker_engine.host, installation_id="i" * 32)
    executor = DockerExecutor(made)
    yield executor
    executor.close()


@pytest.fixture
def registry(docker_engine: DockerEngine) -> Iterator[Registry]:
    busybox = shutil.which("busybox")
    assert busybox is not None  # the engine's image is made of it
    with Registry(Path(busybox)) as registry:
        yield registry
        docker_engine.run("image", "rm", "--force", f"{registry.address}/tool")


@pytest.mark.parametrize("tag", ["", ":latest"])
def test_a_missing_image_is_pulled(
    tag: str, executor: DockerExecutor, attempt: Attempts, registry: Registry
) -> None:
    image = f"{registry.address}/tool{tag}"
    first, second = attempt(), attempt()
    spec = DockerSpec(image=image, network="none")
    assert executor.perform(spec, first.context).verdict == "completed"
    assert first.output.lines() == ["pulled"]
    assert first.output.lines("system") == [f"Pulling the image {image}"]
    assert executor.perform(spec, second.context).verdict == "completed"
    assert second.output.lines("system") == []
    again = attempt()
    always = DockerSpec(image=image, network="none", pull="always")
    assert executor.perform(always, again.context).verdict == "completed"
    assert again.output.lines("system") == [f"Pulling the image {image}"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("private", "IMAGE_PULL_DENIED"),
        ("broken", "IMAGE_PULL_FAILED"),
        ("nothing", "IMAGE_NOT_FOUND"),
        ("tool:other", "IMAGE_NOT_FOUND"),
    ],
)
def test_a_failed_pull_says_what_failed(
    name: str, code: str, executor: DockerExecutor, attempt: Attempts, registry: Registry
) -> None:
    spec = DockerSpec(image=f"{registry.address}/{name}", network="none")
    outcome = executor.perform(spec, attempt().context)
    assert (outcome.verdict, outcome.error_code) == ("failed", code), outcome.error
    assert name in (outcome.error or "")


def test_an_image_is_not_pulled_if_it_must_not_be(
    executor: DockerExecutor, attempt: Attempts, registry: Registry
) -> None:
    spec = DockerSpec(image=f"{registry.address}/tool", pull="never")
    assert executor.perform(spec, attempt().context).error_code == "IMAGE_NOT_FOUND"


@pytest.mark.parametrize("reason", ["cancel", "timeout"])
def test_a_pull_that_hangs_holds_nobody_up(
    reason: Any, executor: DockerExecutor, attempt: Attempts, registry: Registry
) -> None:
    one = attempt(seconds=0.5 if reason == "timeout" else 60)
    one.start(executor.perform, DockerSpec(image=f"{registry.address}/slow"))
    assert registry.asked.wait(10)
    if reason == "cancel":
        one.stop.set("cancel")
    assert one.ending().exit_code == (124 if reason == "timeout" else 130)


@pytest.mark.parametrize("host", ["unix:///no/such/engine.sock", "tcp://127.0.0.1:1", "ssh://a@b"])
def test_without_an_engine_that_is_said(host: str, options: Options, attempt: Attempts) -> None:
    executor = DockerExecutor(replace(options, docker_host=host))
    outcome = executor.perform(sh("true"), attempt().context)
    assert (outcome.verdict, outcome.error_code) == ("failed", "DOCKER_UNAVAILABLE")
    assert (outcome.error or "").startswith("No Docker engine answers")


# Docker's library leaves a socket that can't connect to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_engine_that_goes_away_is_said(
    options: Options, docker_engine: DockerEngine, attempt: Attempts, tmp_path: Path
) -> None:
    one = attempt()
    with Relay(tmp_path / "engine.sock", docker_engine.host.removeprefix("unix://")) as relay:
        executor = DockerExecutor(replace(options, docker_host=f"unix://{relay.path}"))
        one.start(executor.perform, sh("echo begun; sleep 600"))
        one.output.wait_for("begun")
        relay.cut()
        outcome = one.ending()
    gc.collect()
    docker_engine.run("rm", "--force", name_of(one.context))
    assert (outcome.verdict, outcome.error_code) == ("failed", "DOCKER_UNAVAILABLE")
    assert one.output.lines() == ["begun"]


class Relay:
    """Passes connections on to the engine until it is cut."""

    def __init__(self, path: Path, target: str) -> None:
        self.path, self._target = path, target
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen()
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> "Relay":
        self._threads[0].start()
        return self

    def __exit__(self, *error: object) -> None:
        self.cut()
        for thread in self._threads:
            thread.join(10)
        for end in self._open:
            end.close()

    def cut(self) -> None:
        """End all connections and take no more."""
        for end in (self._server, *self._open):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._server.close()
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._server.accept()
            except OSError:
                return
            theirs = socket.socket(socket.AF_UNIX)
            theirs.connect(self._target)
            self._open += [ours, theirs]
            for pair in ((ours, theirs), (theirs, ours)):
                self._threads.append(threading.Thread(target=self._pass_on, args=pair))
                self._threads[-1].start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            return


def test_a_worker_without_docker_jobs_does_not_load_the_library() -> None:
    code = (
        "import sys, workers.main, workers.process, workers.runner, app.factory; "
        "sys.exit('docker' in sys.modules or 'requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_proxies_and_certificates_for_the_web_are_not_for_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from workers.executors.docker_engine import _Client

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/of/the/web.pem")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com")
    with _Client("tcp://127.0.0.1:1", version="1.41") as client:
        url = f"{client.base_url}/version"
        found = client.merge_environment_settings(url, {}, False, None, None)
    assert (found["verify"], dict(found["proxies"])) == (True, {})
