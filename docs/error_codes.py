"""Reads from the code which error codes executions may carry."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
_CODE: Final = re.compile(r"[A-Z][A-Z0-9]+(_[A-Z0-9]+)*")
#: Where executions get their error codes, and which argument of a call is one.
_SOURCES = ("workers", "app/services")
_CARRIERS = {"CallFailed": 0, "Outcome": 3, "Refusal": 0, "_failed": 0}


def found() -> set[str]:
    """Return every ``error_code`` that the code may give to an execution."""
    files = [path for folder in _SOURCES for path in (ROOT / folder).rglob("*.py")]
    places = [
        place
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        for place in _places_of_codes(node)
    ]
    texts = {getattr(inner, "value", None) for place in places for inner in ast.walk(place)}
    return {text for text in texts if isinstance(text, str) and _CODE.fullmatch(text)}


def _places_of_codes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is passed or assigned as a code at a node of a syntax tree."""
    if isinstance(node, ast.Call):
        yield from (keyword.value for keyword in node.keywords if keyword.arg == "error_code")
        place = _CARRIERS.get(getattr(node.func, "id", ""))
        yield from node.args[place : place + 1] if place is not None else ()
    if isinstance(node, ast.Assign):
        targets = {getattr(n, "attr", getattr(n, "id", "")) for n in ast.walk(node.targets[0])}
        if targets & {"code", "codes", "error_code"}:
            yield node.value
