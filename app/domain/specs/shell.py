"""The config of a shell job: a script, and what it is given."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from app.domain.specs.base import Spec
from app.domain.specs.fields import (
    EMPTY_IS_ABSENT,
    Arguments,
    Environment,
    OptionalText,
    Text,
    Timeout,
)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


def _at_most_a_mebibyte(text: str) -> str:
    if len(text.encode()) > 1_048_576:
        raise ValueError("must be at most 1 MiB")
    return text


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
    public: ClassVar[frozenset[str]] = frozenset(
        {"is_path", "workdir", "timeout", "nice", "run_as"}
    )
    untouched: ClassVar[frozenset[str]] = frozenset({"script", "workdir", "run_as"})

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
    args: Arguments = Field(
        default_factory=list,
        title="Arguments",
        description="Given to the script as $1, $2 … exactly as written.",
    )
    env: Environment = Field(
        default_factory=dict,
        title="Environment",
        description="Variables for the script, over those it inherits from the worker.",
    )
    workdir: OptionalText = Field(
        default=None,
        title="Working directory",
        description="Where the script starts; the user's home when empty.",
    )
    timeout: Timeout = None
    nice: int | None = Field(
        default=None,
        ge=0,
        le=19,
        title="Niceness",
        description="0 is normal, 19 leaves the processor to everybody else first.",
    )
    run_as: Annotated[str | None, EMPTY_IS_ABSENT] = Field(
        default=None,
        max_length=256,
        pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*\$?$",
        title="Run as user",
        description="Name of the user to run as; possible only when the worker runs as root.",
    )
