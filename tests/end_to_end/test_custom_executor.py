"""A kind of job that comes with another package, installed as its user would."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.product import ROOT, Product, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The example package, built and installed into a folder of its own."""
    folder = tmp_path / "site"
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", ROOT / "examples" / "custom-executor", source], check=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*command, "--target", str(folder), str(source)], check=True)
    return folder


@pytest.fixture
def product(installed: Path, tmp_path: Path) -> Iterator[Product]:
    """The product with that package at hand."""
    with running(tmp_path / "product", PYTHONPATH=str(installed)) as started:
        yield started


def test_its_jobs_are_checked_run_timed_out_and_cancelled(product: Product) -> None:
    _, answer = product.ask("GET", "/api/job-types")
    assert "wait" in answer["data"]
    body = {"name": "w", "type": "wait", "scheduled_at": "now"}
    status, answer = product.ask("POST", "/api/jobs", body | {"config": {"seconds": -1}})
    assert (status, answer["details"][0]["field"]) == (400, "config.seconds")

    def made(seconds: float, **over: object) -> str:
        config = {"config": {"seconds": seconds}}
        status, answer = product.ask("POST", "/api/jobs", body | config | over)
        assert status == 201, answer
        return str(answer["data"]["id"])

    quick, slow, endless = made(0.1), made(60, timeout_seconds=1), made(60)
    assert product.ended(quick)["output"] == "waiting for 0.1 seconds\n"
    assert product.ended(slow)["status"] == "timeout"
    until(lambda: product.last(endless)["status"] == "running", 10, "it waits")
    product.ask("POST", f"/api/jobs/{endless}/cancel", {})
    assert product.ended(endless)["status"] == "cancelled"


def test_a_worker_without_the_package_says_what_is_missing(
    product: Product, tmp_path: Path
) -> None:
    config = {"name": "w", "type": "wait", "config": {"seconds": 1}}
    late = product.ask("POST", "/api/jobs", config | {"scheduled_at": "2100-01-01T00:00:00Z"})
    assert late[0] == 201
    assert product.stop() == 0
    del product.environ["PYTHONPATH"]
    product.log.write_text("")
    product.start()
    product.ask("POST", f"/api/jobs/{late[1]['data']['id']}/execute", {})
    ended = product.ended(late[1]["data"]["id"])
    assert (ended["status"], ended["error_code"]) == ("failed", "UNKNOWN_TYPE")
