"""The project's own files, read once for the tests of its architecture."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CODE = ("app", "workers", "beat", "migrations", "bench", "requirements", "tests")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """Return the Python files below some folders of the project, all of ours by default."""
    found = [path for folder in folders or CODE for path in (ROOT / folder).rglob("*.py")]
    return (*sorted(found), *(() if folders else (ROOT / "oneoff",)))


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def functions(path: Path) -> Iterator[Function]:
    """Yield all functions of a file, methods and inner ones too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            yield node


def name_of(path: Path) -> str:
    """Return a file's path as it is written in lists of exceptions."""
    return path.relative_to(ROOT).as_posix()
