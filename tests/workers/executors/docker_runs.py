"""What the tests of docker jobs share."""

from collections.abc import Callable
from typing import Any

from app.domain.specs.docker import DockerSpec
from tests.support.docker_engine import IMAGE, DockerEngine
from tests.workers.executors.conftest import Attempt
from workers.executors.docker_order import EXECUTION

Attempts = Callable[..., Attempt]


def sh(script: str, **more: Any) -> DockerSpec:
    config = {"image": IMAGE, "command": ["sh", "-c", script], "network": "none"}
    return DockerSpec.model_validate(config | more)


def left(engine: DockerEngine, attempt: Attempt) -> list[str]:
    return engine.containers(f"{EXECUTION}={attempt.context.execution_id}")
