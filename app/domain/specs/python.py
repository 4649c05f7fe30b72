"""The config of a python job: a callable, and what it is called with."""

import json
import re
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import AfterValidator, Field

from app.domain.programs import changes_code
from app.domain.rules import Rules
from app.domain.specs.base import Spec
from app.domain.specs.fields import (
    MAX_ARGUMENTS,
    NULL_IS_EMPTY_LIST,
    NULL_IS_EMPTY_MAP,
    Environment,
    OptionalText,
    Timeout,
)

MAX_BYTES = 1_048_576
_NAME = "[A-Za-z][A-Za-z0-9_]*"
_PLACE = re.compile(rf"{_NAME}(\.{_NAME})*:{_NAME}(\.{_NAME})*|{_NAME}(\.{_NAME})+", re.ASCII)
_NAMED = re.compile(_NAME, re.ASCII)


class Place(NamedTuple):
    """Where a callable is: its module, and its name in it."""

    module: str
    name: str


def place_of(text: str) -> Place:
    """Take ``package.module:function`` or ``package.module.function`` apart."""
    module, name = text.split(":") if ":" in text else text.rsplit(".", 1)
    return Place(module, name)


def _callable(text: str) -> str:
    if any(part.startswith("_") for part in re.split("[.:]", text)):
        raise ValueError("must not name anything private (a name that begins with _)")
    if not _PLACE.fullmatch(text):
        raise ValueError("must be package.module:function, such as reports.monthly:build")
    return text


def _json(value: Any) -> Any:
    try:
        size = len(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise ValueError("must be JSON") from None
    if size > MAX_BYTES:
        raise ValueError(f"must be at most {MAX_BYTES} bytes of JSON, and has {size}")
    return value


def _argument_name(text: str) -> str:
    if not _NAMED.fullmatch(text):
        raise ValueError("must be the name of an argument, and not a private one")
    return text


def _harmless(env: dict[str, str]) -> dict[str, str]:
    for name in env:
        if changes_code(name):
            raise ValueError(f"{name} can't be set: it could bring in other code than is allowed")
    return env


class PythonSpec(Spec):
    """Calls a function of a package that the operator allows."""

    kind: ClassVar[str] = "python"
    title: ClassVar[str] = "Python callable"
    description: ClassVar[str] = "Calls a function of a package that the operator allows."
    public: ClassVar[frozenset[str]] = frozenset({"callable", "workdir", "timeout"})
    untouched: ClassVar[frozenset[str]] = frozenset({"callable", "workdir"})

    callable: Annotated[str, AfterValidator(_callable)] = Field(
        title="Callable",
        description="package.module:function; the package must be one of PYTHON_ALLOW.",
        min_length=1,
        max_length=500,
        examples=["reports.monthly:build"],
    )
    args: Annotated[
        list[Any], AfterValidator(_json), Field(max_length=MAX_ARGUMENTS), NULL_IS_EMPTY_LIST
    ] = Field(
        default_factory=list,
        title="Arguments",
        description="Positional arguments, any JSON.",
        examples=[["2030-01", 3]],
    )
    kwargs: Annotated[
        dict[Annotated[str, AfterValidator(_argument_name)], Any],
        AfterValidator(_json),
        Field(max_length=MAX_ARGUMENTS),
        NULL_IS_EMPTY_MAP,
    ] = Field(
        default_factory=dict,
        title="Named arguments",
        description="Arguments by name, any JSON.",
        examples=[{"dry_run": True}],
    )
    env: Annotated[Environment, AfterValidator(_harmless)] = Field(
        default_factory=dict,
        title="Environment",
        description="Variables for the callable, over those it inherits from the worker.",
    )
    workdir: OptionalText = Field(
        default=None,
        title="Working directory",
        description="Where it starts; the user's home when empty.",
    )
    timeout: Timeout = None

    def refusal(self, rules: Rules) -> tuple[str, str] | None:
        """Return the field and the sentence if the callable's package is not allowed."""
        module = place_of(self.callable).module
        if rules.programs.has_package(module):
            return None
        allowed = ", ".join(rules.programs.packages) or "nothing yet"
        sentence = f"{module} is in no package of PYTHON_ALLOW; it allows: {allowed}"
        return "callable", sentence
