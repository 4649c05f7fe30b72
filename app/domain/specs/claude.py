"""The config of a claude job: a prompt for Claude's command line, and where it works."""

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from app.domain.rules import Rules
from app.domain.specs.base import Spec
from app.domain.specs.fields import (
    EMPTY_IS_ABSENT,
    NULL_IS_EMPTY_LIST,
    Environment,
    Text,
    Timeout,
)

#: The kernel takes no longer argument than 128 KiB, whatever the limit of them all together.
MAX_PROMPT_BYTES = 128_000
_TOOL = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,127})(\([^()\x00-\x1f]{1,500}\))?")
#: Tools that only look. To grant another is to skip the question for it.
_LOOKING = frozenset(("Glob", "Grep", "LS", "NotebookRead", "Read", "TodoRead", "TodoWrite"))


def _prompt(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_PROMPT_BYTES:
        raise ValueError(f"must be at most {MAX_PROMPT_BYTES} bytes, and has {size}")
    return text


def _folder(text: str) -> str:
    if not (text.startswith(("/", "~/")) or text == "~"):
        raise ValueError("must be an absolute path, or one that begins with ~/")
    return text


def _tool(text: str) -> str:
    if not _TOOL.fullmatch(text):
        raise ValueError("must be the name of a tool, such as Read or Bash(git log:*)")
    return text


class ClaudeSpec(Spec):
    """Gives a prompt to the command line of Claude on the worker's machine."""

    kind: ClassVar[str] = "claude"
    title: ClassVar[str] = "Claude prompt"
    description: ClassVar[str] = "Gives a prompt to the program claude on the worker's machine."
    public: ClassVar[frozenset[str]] = frozenset(
        {"cwd", "model", "max_turns", "allowed_tools", "skip_permissions", "timeout"}
    )
    untouched: ClassVar[frozenset[str]] = frozenset({"cwd", "allowed_tools"})

    prompt: Annotated[Text, AfterValidator(_prompt)] = Field(
        title="Prompt",
        description="What Claude is asked to do; at most 128000 bytes.",
        min_length=1,
        max_length=MAX_PROMPT_BYTES,
        json_schema_extra={"format": "script"},
    )
    cwd: Annotated[
        Annotated[Text, AfterValidator(_folder), Field(max_length=4096)] | None, EMPTY_IS_ABSENT
    ] = Field(
        default=None,
        title="Folder",
        description="Where Claude works: an absolute path or ~/…; the user's home when empty.",
        examples=["~/src/shop"],
    )
    skip_permissions: bool = Field(
        default=False,
        title="Skip permissions",
        description="Let Claude act without asking; only if the operator allows it.",
    )
    model: Annotated[
        Annotated[str, Field(max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:@/\[\]-]*$")]
        | None,
        EMPTY_IS_ABSENT,
    ] = Field(
        default=None,
        title="Model",
        description="The model to use; Claude's own choice when empty.",
        examples=["sonnet"],
    )
    max_turns: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None,
        title="Turns at most",
        description="After so many turns Claude stops; no limit when empty.",
    )
    allowed_tools: Annotated[
        list[Annotated[str, AfterValidator(_tool)]], Field(max_length=100), NULL_IS_EMPTY_LIST
    ] = Field(
        default_factory=list,
        title="Allowed tools",
        description=(
            "Tools Claude may use without asking, such as Read or Grep; those that do more than "
            "look only if the operator allows it."
        ),
        examples=[["Read", "Grep"]],
    )
    env: Environment = Field(
        default_factory=dict,
        title="Environment",
        description="Variables for Claude, over those it inherits from the worker.",
    )
    timeout: Timeout = None

    def refusal(self, rules: Rules) -> tuple[str, str] | None:
        """Return the field and the sentence if it asks for more freedom than is allowed."""
        if rules.programs.may_skip_permissions:
            return None
        if self.skip_permissions:
            return "skip_permissions", "true needs CLAUDE_ALLOW_SKIP_PERMISSIONS=true"
        for tool in self.allowed_tools:
            if tool.partition("(")[0] not in _LOOKING:
                sentence = f"the tool {tool} needs CLAUDE_ALLOW_SKIP_PERMISSIONS=true"
                return "allowed_tools", sentence
        return None
