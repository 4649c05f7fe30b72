"""The config of a shell job: a script, and what it is given."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

from app.domain.specs.base import MAX_TIMEOUT_SECONDS, Spec

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MAX_ARGUMENTS = 1000
_MAX_VARIABLES = 1000


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("must not contain the character NUL")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _at_most_a_mebibyte(text: str) -> str:
    if len(text.encode()) > 1_048_576:
        raise ValueError("must be at most 1 MiB")
    return text


def _variable_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError("must be a name of letters, digits and _ that starts with no digit")
    return text


def _empty_is_absent(value: object) -> object:
    return None if value == "" else value


def _zero_is_absent(value: object) -> object:
    return None if value == 0 and value is not False else value


def _null_is_empty_list(value: object) -> object:
    return [] if value is None else value


def _null_is_empty_map(value: object) -> object:
    return {} if value is None else value


Text = Annotated[str, AfterValidator(_without_nul)]
VariableName = Annotated[str, AfterValidator(_variable_name)]
Script = Annotated[
    Text,
    AfterValidator(_not_blank),
    AfterValidator(_at_most_a_mebibyte),
    Field(min_length=1, max_length=1_048_576),
]


class ShellSpec(Spec):
    """Runs a script on the worker's own machine."""

    kind: ClassVar[str] = "shell"
    title: ClassVar[str] = "Shell script"
    description: ClassVar[str] = "Runs a script with /bin/sh or the interpreter its #! line names."

    script: Script = Field(
        title="Script",
        description="The text of the script, or the path of a file when is_path is set.",
        json_schema_extra={"format": "script"},
    )
    is_path: bool = Field(
        default=False,
        title="Script is a path",
        description="Run the file at this path; ~ and the job's variables are expanded.",
    )
    args: Annotated[list[Text], BeforeValidator(_null_is_empty_list)] = Field(
        default_factory=list,
        max_length=_MAX_ARGUMENTS,
        title="Arguments",
        description="Given to the script as $1, $2 … exactly as written.",
    )
    env: Annotated[dict[VariableName, Text], BeforeValidator(_null_is_empty_map)] = Field(
        default_factory=dict,
        max_length=_MAX_VARIABLES,
        title="Environment",
        description="Variables for the script, over those it inherits from the worker.",
    )
    workdir: Annotated[Text | None, BeforeValidator(_empty_is_absent)] = Field(
        default=None,
        title="Working directory",
        description="Where the script starts; the user's home when empty.",
    )
    timeout: Annotated[int | None, BeforeValidator(_zero_is_absent)] = Field(
        default=None,
        ge=1,
        le=MAX_TIMEOUT_SECONDS,
        validation_alias=AliasChoices("timeout", "timeout_seconds"),
        title="Timeout",
        description="Seconds an attempt may take; no limit when empty.",
    )
    nice: int | None = Field(
        default=None,
        ge=0,
        le=19,
        title="Niceness",
        description="0 is normal, 19 leaves the processor to everybody else first.",
    )
    run_as: Annotated[str | None, BeforeValidator(_empty_is_absent)] = Field(
        default=None,
        max_length=256,
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*\$?$",
        title="Run as user",
        description="Name of the user to run as; possible only when the worker runs as root.",
    )
