"""Python work for the contract suite: a package of callables that the operator allows."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest

from app.domain.programs import ProgramRules
from app.domain.specs.python import PythonSpec
from workers.executors.base import Executor, Options
from workers.executors.python import PythonExecutor

PACKAGE = "acme_reports"
CALLABLES = """
import os, subprocess, sys, threading, time
from json import dumps

_private = print
number = 3

class Shop:
    @staticmethod
    def open(*args):
        return list(args)

def prints(lines, then_seconds=0):
    for line in lines:
        print(line)
    time.sleep(then_seconds)

def floods(size):
    for _ in range(size // 65536):
        sys.stdout.write("x" * 65536)

def echo(*args, **kwargs):
    return {"args": args, "kwargs": kwargs}

def raises(text="no such month"):
    print("about to fail")
    raise ValueError(text)

def where():
    return {"cwd": os.getcwd(), "env": dict(os.environ), "path": sys.path, "argv": sys.argv}

def reads():
    return sys.stdin.read()

def returns(what):
    return {"nan": float("nan"), "set": {1}, "big": "x" * 70000, "none": None,
            "text": "ä\\n\\ud800", "tuple": (1, 2)}[what]

def half_line():
    print("no end", end="")
    return 7

def exits(status):
    sys.exit(status)

def dies():
    os.kill(os.getpid(), 9)

def family():
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
    print(child.pid, flush=True)
    time.sleep(1000)
"""


def put_on_path(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the package to a folder, and let the worker find it there."""
    package = folder / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "monthly.py").write_text(CALLABLES)
    (package / "broken.py").write_text("raise RuntimeError('half installed')\n")
    (package / "needy.py").write_text("import no_such_library\n")
    monkeypatch.setenv("PYTHONPATH", f"relative{os.pathsep}{folder}")


class PythonKit:
    """Makes calls of the package."""

    kind = "python"

    def __enter__(self) -> Self:
        self._patch = pytest.MonkeyPatch()
        self._folder = tempfile.TemporaryDirectory(prefix="oneoff-python-")
        put_on_path(Path(self._folder.name), self._patch)
        return self

    def __exit__(self, *error: object) -> None:
        self._patch.undo()
        self._folder.cleanup()

    def executor(self, options: Options) -> Executor:
        return PythonExecutor(replace(options, programs=ProgramRules(packages=(PACKAGE,))))

    def prints(self, lines: Sequence[str], *, then_seconds: float = 0.0) -> PythonSpec:
        return self._call("prints", list(lines), then_seconds)

    def sleeps(self, seconds: float) -> PythonSpec:
        return self._call("prints", [], seconds)

    def fails(self) -> PythonSpec:
        return self._call("raises")

    def floods(self, size: int) -> PythonSpec:
        return self._call("floods", size)

    def _call(self, name: str, *args: object) -> PythonSpec:
        return PythonSpec(callable=f"{PACKAGE}.monthly:{name}", args=[*args])


KIT = PythonKit()
