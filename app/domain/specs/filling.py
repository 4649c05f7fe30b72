"""How a config comes to its variables: as text, or, where text would be code, by environment.

The one place that knows where ``${NAME}`` means something. Each spec says in ``untouched`` in which
of its fields nothing is put: scripts, commands, and paths that the environment is read for.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ValidationError

from app.domain import templating
from app.domain.specs.base import Spec

#: Faults of a text that may be none once its variables are put in.
_OF_TEXTS = ("value_error", "string_", "literal_error")


def named(spec: type[Spec], config: Mapping[str, Any]) -> frozenset[str]:
    """Return the variables that a config names where they are put in as text."""
    return templating.names(_open(spec, config))


def filled(
    spec: type[Spec], config: Mapping[str, Any], variables: Mapping[str, str], own: Collection[str]
) -> tuple[dict[str, Any], frozenset[str]]:
    """Return a config with its variables, and the names of those that it got.

    ``own`` are variables of the job itself; a process gets them in any case, and of the others
    those that its script names. Raises what :func:`app.domain.templating.fill` raises.
    """
    opened = _open(spec, config)
    got = templating.names(opened)
    made = {**config, **templating.fill(opened, variables)}
    if spec.untouched and "env" in spec.model_fields:
        closed = {name: part for name, part in config.items() if name in spec.untouched}
        ambient = {*own, *templating.words(closed)} & variables.keys()
        if ambient:
            made["env"] = {name: variables[name] for name in sorted(ambient)} | (
                made.get("env") or {}
            )
        got |= ambient
    return made, got


def is_settled(spec: type[Spec], item: Mapping[str, Any]) -> bool:
    """Return whether a fault that validation found stays, whatever the variables hold.

    ``item`` is one of :meth:`pydantic.ValidationError.errors`.
    """
    place = item["loc"][0] if item["loc"] else None
    is_open = place is not None and place not in spec.untouched
    is_text = isinstance(item["input"], str) and templating.has_holes(item["input"])
    return not (is_open and is_text and item["type"].startswith(_OF_TEXTS))


def faults(error: ValidationError) -> str:
    """Return what is wrong with a filled config, without a word of what it holds."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found[:10])


def _open(spec: type[Spec], config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in config.items() if name not in spec.untouched}
