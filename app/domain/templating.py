"""``${NAME}`` in the texts of a config: the whole of our template language.

A name is put in place of ``${NAME}``, ``$${NAME}`` stands for ``${NAME}`` itself, and everything
else is a text like any other. Nothing is evaluated, and what was put in is not looked at again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

#: A config may grow to so many characters; a few short texts could ask for gigabytes.
MAX_CHARACTERS: Final = 4 * 1_048_576
_HOLE: Final = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]{0,63})\}", re.ASCII)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class MissingVariables(Exception):
    """A text names variables that there are not; ``names`` are sorted."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(sorted(names))
        super().__init__(", ".join(self.names))


class TooLong(Exception):
    """With its variables put in, a config would be too long."""


def has_holes(value: Any) -> bool:
    """Return whether a value of JSON names a variable anywhere."""
    return next(_names(value), None) is not None


def names(value: Any) -> frozenset[str]:
    """Return the variables that the texts of a value of JSON name."""
    return frozenset(_names(value))


def words(value: Any) -> frozenset[str]:
    """Return all that could be the name of a variable in the texts of a value, however written."""
    return frozenset(word for text in _texts(value) for word in _WORD.findall(text))


def fill(value: Any, variables: Mapping[str, str]) -> Any:
    """Return a value of JSON with its variables put in; names of fields stay as they are.

    Raises :class:`MissingVariables` with all that are missing, and :class:`TooLong`.
    """
    missing = names(value) - variables.keys()
    if missing:
        raise MissingVariables(missing)
    size = sum(len(variables[name]) for name in _names(value)) + sum(map(len, _texts(value)))
    if size > MAX_CHARACTERS:
        raise TooLong(f"with its variables it is longer than {MAX_CHARACTERS} characters")
    return _filled(value, variables)


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _HOLE.sub(lambda m: m[0][1:] if m[1] else variables[m[2]], value)
    if isinstance(value, Mapping):
        return {name: _filled(part, variables) for name, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, variables) for part in value]
    return value


def _names(value: Any) -> Iterator[str]:
    for text in _texts(value):
        yield from (found[2] for found in _HOLE.finditer(text) if not found[1])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(part)
