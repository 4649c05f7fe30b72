"""Reading JSON that strangers wrote: strictly, and with words for what is wrong."""

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from app.domain.errors import Fault

MAX_DEPTH = 64
_LONE = re.compile("[\x00\ud800-\udfff]")


class UnreadableError(ValueError):
    """The text is no JSON we take. ``line`` and ``column`` say where, if that is known."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line, self.column = line, column


def read(text: str | bytes) -> Any:
    """Return the value of a JSON text.

    Raises :class:`UnreadableError` for anything malformed, a name given twice in one object,
    a number that is none, and nesting beyond 64 levels.
    """
    if isinstance(text, bytes):
        text = _decoded(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_without_twins, parse_constant=_no_number, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        message = f"malformed JSON at line {error.lineno}, column {error.colno}: {error.msg}"
        raise UnreadableError(message, error.lineno, error.colno) from None
    except RecursionError:
        raise _too_deep() from None
    except UnreadableError:
        raise
    except ValueError:  # an integer of thousands of digits
        raise UnreadableError("a number is too long") from None
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise _too_deep()
    return value


def character_faults(value: Any, path: str = "") -> Iterator[Fault]:
    """Yield a fault for each text in a value that no database can hold (NUL, half a pair)."""
    if isinstance(value, str):
        if _LONE.search(value):
            yield Fault(path, "invalid character: NUL and lone surrogates can't be stored")
    elif isinstance(value, dict):
        for name, part in value.items():
            if _LONE.search(name):
                shown = _LONE.sub("\ufffd", name)[:100]
                yield Fault(_joined(path, shown), "invalid character in the name")
            else:
                yield from character_faults(part, _joined(path, name))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from character_faults(part, _joined(path, str(index)))


def may_hold_bad_characters(text: str | bytes) -> bool:
    """Return whether a look at each text of this JSON is needed: only escapes can hide them."""
    return (b"\\u" in text) if isinstance(text, bytes) else ("\\u" in text)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError(f"the JSON is not UTF-8 (byte {error.start + 1})") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        shown = _LONE.sub("\ufffd", twin)[:100]
        raise UnreadableError(f"the name {shown!r} is given twice in one object")
    return made


def _no_number(text: str) -> NoReturn:
    raise UnreadableError(f"{text} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise UnreadableError("a number is too large")
    return number


def _too_deep() -> UnreadableError:
    return UnreadableError(f"the JSON is nested more than {MAX_DEPTH} levels deep")


def _depth(value: Any) -> int:
    depth, level = 0, _containers([value])
    while level:
        depth += 1
        level = [inner for outer in level for inner in _containers(outer)]
    return depth


def _containers(value: Any) -> list[Any]:
    parts = value.values() if isinstance(value, dict) else value
    return [part for part in parts if isinstance(part, dict | list)]
