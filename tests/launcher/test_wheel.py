"""The wheel holds the page that was built before it, and does without."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.launcher.conftest import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

PAGE = {"index.html", "assets/a-1.js", "assets/a-1.js.br", "sources.sha256"}


def names_in_wheel(checkout: Path, to: Path) -> set[str]:
    """Build the wheel and return the names of its files."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "-w",
        to,
        checkout,
    ]
    subprocess.run(command, check=True)
    (wheel,) = to.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_page_if_there_is_one(tmp_path):
    checkout = tmp_path / "checkout"
    shutil.copytree(
        ROOT / "app", checkout / "app", ignore=shutil.ignore_patterns("__pycache__", "page")
    )
    for name in ("workers", "beat", "migrations", "requirements"):
        shutil.copytree(ROOT / name, checkout / name)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, checkout)
    without = names_in_wheel(checkout, tmp_path / "without")
    assert "app/web/__init__.py" in without
    for name in PAGE:
        (checkout / "app" / "web" / "page" / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / "app" / "web" / "page" / name).touch()
    having = names_in_wheel(checkout, tmp_path / "having")
    assert having - without == {f"app/web/page/{name}" for name in PAGE}
