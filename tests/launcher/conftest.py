"""A small checkout for the launcher to work in: the real launcher, a product of one line."""

import hashlib
import os
import shutil
import sys
import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent.parent
PRODUCT = "import os, sys; print(os.getcwd(), sys.argv[1:]); sys.exit(len(sys.argv) - 1)\n"


def make_wheel(folder: Path, version: str) -> str:
    """Write a tiny package; return the line of a lock file that names it with its hash."""
    wheel = folder / f"tiny-{version}-py3-none-any.whl"
    info = f"tiny-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("tiny.py", f"VERSION = {version!r}\n")
        file.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntiny = tiny:VERSION.title\n")
        file.writestr(f"{info}/RECORD", "")
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def write_lock(checkout: Path, version: str) -> None:
    """Let the checkout's lock name a version of the tiny package, found beside it."""
    line = make_wheel(checkout / "requirements", version)
    text = f"--no-index\n--find-links {checkout / 'requirements'}\n{line}"
    (checkout / "requirements" / "base.txt").write_text(text)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a checkout that has not been set up."""
    folder = tmp_path / "checkout"
    (folder / "requirements").mkdir(parents=True)
    (folder / "app" / "cli").mkdir(parents=True)
    (folder / "app" / "cli" / "__main__.py").write_text(PRODUCT)
    shutil.copy(ROOT / "oneoff", folder)
    for module in (ROOT / "requirements").glob("*.py"):
        shutil.copy(module, folder / "requirements")
    write_lock(folder, "1.0")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the variables of a machine that reaches no package index."""
    settings = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **settings}


@pytest.fixture
def launcher(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the checkout's launcher as a module."""
    monkeypatch.delenv("ONEOFF_VENV", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("oneoff_launcher", str(checkout / "oneoff"))
    spec = spec_from_loader("oneoff_launcher", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module
