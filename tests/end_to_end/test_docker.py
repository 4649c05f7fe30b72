"""Docker jobs through the whole product, on a real engine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.cli.asking import ask
from app.settings import Settings
from tests.end_to_end.product import Product, running, until
from tests.support.docker_engine import IMAGE, DockerEngine
from workers.executors.docker_order import EXECUTION

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


@pytest.fixture
def product(tmp_path: Path, docker_engine: DockerEngine) -> Iterator[Product]:
    with running(tmp_path / "product", DOCKER_HOST=docker_engine.host) as started:
        yield started


def create(product: Product, script: str, **more: Any) -> str:
    config = {"image": IMAGE, "command": ["sh", "-c", script], "network": "none"} | more
    return str(product.create("", type="docker", config=config)["id"])


def printed(product: Product, job_id: str) -> str:
    """Return what the newest execution of a job has printed so far."""
    execution_id = product.last(job_id)["id"]
    return str(product.ask("GET", f"/api/executions/{execution_id}")[1]["data"].get("output") or "")


def containers(engine: DockerEngine, product: Product, job_id: str) -> list[str]:
    return engine.containers(f"{EXECUTION}={product.last(job_id)['id']}")


def test_a_docker_job_runs_is_cancelled_and_tells_how_it_went(
    product: Product, docker_engine: DockerEngine
) -> None:
    done = create(product, "echo out; echo err >&2; echo $SECRET | wc -c", env={"SECRET": "hidden"})
    ended = product.ended(done)
    assert (ended["status"], ended["exit_code"]) == ("completed", 0)
    assert printed(product, done) == "out\n7\n--- STDERR ---\nerr\n"
    long = create(product, "echo begun; sleep 600")
    until(lambda: printed(product, long), 20, "the container prints")
    assert product.ask("POST", f"/api/jobs/{long}/cancel", {})[0] == 200
    assert product.ended(long)["status"] == "cancelled"
    assert containers(docker_engine, product, long) == []
    assert "docker" in product.ask("GET", "/api/job-types")[1]["data"]
    until(lambda: health(product) == ("ok", "up"), 30, "the worker tells of its engine")
    assert "hidden" not in product.log.read_text()


@pytest.mark.parametrize("victim", ["worker", "pool process"])
def test_a_killed_worker_leaves_no_container_behind(
    victim: str, product: Product, docker_engine: DockerEngine
) -> None:
    job = create(product, "echo begun; sleep 600", auto_remove=False)
    until(lambda: printed(product, job), 20, "the container prints")
    assert len(containers(docker_engine, product, job)) == 1
    if victim == "worker":
        product.kill("worker")
    else:
        for child in product.role("worker").children():
            child.kill()
    ended = product.ended(job)
    assert (ended["status"], ended["error_code"]) == ("failed", "WORKER_LOST")
    until(lambda: not containers(docker_engine, product, job), 20, "the container is gone")


def test_without_an_engine_the_job_fails_and_health_says_why(tmp_path: Path) -> None:
    host = f"unix://{tmp_path}/no-engine.sock"
    with running(tmp_path / "product", DOCKER_HOST=host) as product:
        assert health(product) == ("ok", "unknown")
        job = create(product, "true")
        ended = product.ended(job)
        assert (ended["status"], ended["error_code"]) == ("failed", "DOCKER_UNAVAILABLE")
        until(lambda: health(product) == ("ok", "down"), 30, "the worker tells of its engine")
        planned = product.create("", "2100-01-01T00:00:00Z", type="docker", config={"image": "x"})
        until(lambda: health(product) == ("degraded", "down"), 10, "a job waits for an engine")
        assert product.ask("DELETE", f"/api/jobs/{planned['id']}")[0] == 204


def health(product: Product) -> tuple[str, str]:
    """Return the state of the whole, and what is known of the engine."""
    report = ask(Settings(port=product.port), "/health")
    return report["status"], report["docker"]["engine"]
