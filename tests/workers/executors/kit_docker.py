"""Docker work for the contract suite: containers of a small image on a real engine."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from app.domain.specs.docker import DockerSpec
from tests.support.docker_engine import IMAGE, DockerEngine
from workers.executors.base import Executor, Options
from workers.executors.docker import DockerExecutor


class DockerKit:
    """Makes containers on an engine that is there as long as the kit is entered."""

    kind = "docker"

    def __enter__(self) -> Self:
        self._engine = DockerEngine().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._engine.__exit__(*error)

    def executor(self, options: Options) -> Executor:
        return DockerExecutor(replace(options, docker_host=self._engine.host))

    def prints(self, lines: Sequence[str], *, then_seconds: float = 0.0) -> DockerSpec:
        words = " ".join(shlex.quote(line) for line in lines)
        return self._spec(f"printf '%s\\n' {words}\nsleep {then_seconds}\n")

    def sleeps(self, seconds: float) -> DockerSpec:
        return self._spec(f"sleep {seconds}\n")

    def fails(self) -> DockerSpec:
        return self._spec("echo broken >&2\nexit 3\n")

    def floods(self, size: int) -> DockerSpec:
        return self._spec(f"head -c {size} /dev/zero\n")

    def _spec(self, script: str) -> DockerSpec:
        return DockerSpec(image=IMAGE, command=["sh", "-c", script], network="none")


KIT = DockerKit()
