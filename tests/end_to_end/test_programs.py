"""Claude and python jobs through the whole product, with a stand-in for Claude."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.product import ROOT, Product, running, until
from tests.workers.executors import kit_python
from tests.workers.executors.kit_claude import put_on_path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
def product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """The product with the stand-in on its PATH, and a package that it allows."""
    put_on_path(tmp_path / "bin", monkeypatch)
    kit_python.put_on_path(tmp_path / "packages", monkeypatch)
    path, packages = os.environ["PATH"], str(tmp_path / "packages")
    allowed = kit_python.PACKAGE
    with running(
        tmp_path / "product", PATH=path, PYTHONPATH=packages, PYTHON_ALLOW=allowed
    ) as started:
        yield started


def made(product: Product, kind: str, **config: object) -> str:
    env = {"DATA_DIR": product.environ["DATA_DIR"]}  # so that its processes are found
    return str(product.create("", type=kind, config={"env": env} | config)["id"])


def refused(product: Product, kind: str, **config: object) -> str:
    body = {"name": "x", "type": kind, "config": config, "scheduled_at": "now"}
    status, answer = product.ask("POST", "/api/jobs", body)
    assert status == 400
    return str(answer["details"][0]["field"])


def test_a_prompt_runs_is_logged_in_files_and_can_be_cancelled(product: Product) -> None:
    job = made(product, "claude", prompt="pwd -P; echo aside >&2", cwd=str(product.folder))
    ended = product.ended(job)
    assert (ended["status"], ended["exit_code"]) == ("completed", 0), ended
    assert ended["output"] == f"{product.folder}\n--- STDERR ---\naside\n"
    files = sorted((product.data / "claude-logs").glob(f"{ended['id']}-*.std*.log"))
    assert [path.read_text() for path in files] == ["aside\n", f"{product.folder}\n"]
    assert product.ended(made(product, "claude", prompt="exit 4"))["exit_code"] == 4
    missing = product.ended(made(product, "claude", prompt="true", cwd="/nowhere"))
    assert missing["error_code"] == "WORKING_DIR_MISSING"
    long = made(product, "claude", prompt="sleep 600")
    until(lambda: product.last(long)["status"] == "running", 10, "it runs")
    product.ask("POST", f"/api/jobs/{long}/cancel", {})
    assert product.ended(long)["status"] == "cancelled"
    assert refused(product, "claude", prompt="x", skip_permissions=True) == (
        "config.skip_permissions"
    )


def test_a_prompt_from_the_present_folder_becomes_an_execution(product: Product) -> None:
    command = [str(ROOT / "examples" / "claude-here"), "pwd -P"]
    environ, folder = product.environ, product.folder
    made_by = subprocess.run(
        command, env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    assert made_by.returncode == 0, made_by.stderr
    assert product.ended(made_by.stdout.strip())["output"] == f"{folder}\n"


def test_a_callable_runs_and_returns_json(product: Product) -> None:
    monthly = f"{kit_python.PACKAGE}.monthly"
    job = made(product, "python", callable=f"{monthly}:echo", args=[1], kwargs={"a": [None]})
    ended = product.ended(job)
    assert (ended["status"], ended["exit_code"]) == ("completed", 0), ended
    assert json.loads(ended["output"]) == {"args": [1], "kwargs": {"a": [None]}}
    broken = product.ended(made(product, "python", callable=f"{monthly}:raises"))
    assert (broken["exit_code"], broken["error_code"]) == (1, "CALLABLE_RAISED")
    assert broken["error"] == "Callable raised ValueError: no such month"
    late = product.create(
        "", type="python", config={"callable": f"{monthly}:family"}, timeout_seconds=1
    )
    assert product.ended(late["id"])["status"] == "timeout"
    assert refused(product, "python", callable="os:system") == "config.callable"
