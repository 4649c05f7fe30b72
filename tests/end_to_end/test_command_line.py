"""The command line and the whole product: a job is made, followed to its end, and read."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.product import ROOT, Product, running, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


def oneoff(product: Product, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the product's machine."""
    return subprocess.run(
        [ROOT / "oneoff", *words],
        env=product.environ,
        cwd=product.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_job_is_made_run_followed_and_read(tmp_path: Path) -> None:
    with running(tmp_path / "product") as product:
        script = 'for i in 1 2 3; do echo "line $i $NAME"; sleep 0.3; done; exit "${1:-0}"'
        made = oneoff(product, "jobs", "create", "--name", "count", "--script", script)
        assert made.returncode == 0, made.stderr
        assert product.ended(made.stdout.strip())["status"] == "completed"

        words = ("jobs", "run", "count", "--env", "NAME=x", "--arg", "7")
        followed = oneoff(product, *words, "--follow")
        assert (followed.returncode, followed.stdout) == (7, "line 1 x\nline 2 x\nline 3 x\n")
        waited = oneoff(product, *words, "--wait", "--json")
        assert (waited.returncode, json.loads(waited.stdout)["exit_code"]) == (7, 7)

        execution = product.last(made.stdout.strip())["id"]
        logs = oneoff(product, "executions", "logs", execution)
        assert logs.stdout == followed.stdout
        workers = json.loads(oneoff(product, "workers", "--json").stdout)["data"]
        assert {worker["pool"] for worker in workers} == {"prefork", "threads"}
        assert all(worker["consuming"] for worker in workers)
        _follow_a_long_one(product)


def _follow_a_long_one(product: Product) -> None:
    """Follow a job that does not end, leave it with Ctrl-C, and cancel it."""
    job = product.create("echo begun; sleep 60")
    until(lambda: product.last(job["id"])["status"] == "running", 15, "it runs")
    execution = product.last(job["id"])["id"]
    command = [ROOT / "oneoff", "executions", "logs", "-f", execution]
    with subprocess.Popen(
        command, env=product.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "begun\n"
        follower.send_signal(signal.SIGINT)
        _, errors = follower.communicate(timeout=20)
    assert (follower.returncode, "Traceback" in errors) == (130, False)
    assert product.last(job["id"])["status"] == "running"
    assert oneoff(product, "executions", "cancel", execution, "--force").returncode == 0
    assert product.ended(job["id"])["status"] == "cancelled"
