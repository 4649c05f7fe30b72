"""The config of claude jobs: what is accepted, what is refused and in which words."""

import pytest
from pydantic import ValidationError

from app.domain.programs import ProgramRules
from app.domain.rules import Rules
from app.domain.specs.claude import MAX_PROMPT_BYTES, ClaudeSpec


def spec(**config):
    return ClaudeSpec.model_validate({"prompt": "hello"} | config)


def faults(**config):
    with pytest.raises(ValidationError) as caught:
        spec(**config)
    return {str(item["loc"][0]): item["msg"] for item in caught.value.errors()}


def test_a_prompt_is_enough():
    assert spec().model_dump(exclude_defaults=True) == {"prompt": "hello"}
    with pytest.raises(ValidationError) as caught:
        ClaudeSpec.model_validate({})
    assert [(e["loc"], e["type"]) for e in caught.value.errors()] == [(("prompt",), "missing")]


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("", "at least 1"),
        (" \n\t", "must not be empty"),
        ("a\0b", "NUL"),
        ("x" * (MAX_PROMPT_BYTES + 1), "at most 128000"),
        ("ä" * MAX_PROMPT_BYTES, "at most 128000 bytes, and has 256000"),
        (3, "valid string"),
    ],
)
def test_what_is_no_prompt_is_refused(prompt, words):
    found = faults(prompt=prompt)
    assert found.keys() == {"prompt"}
    assert words in found["prompt"]


@pytest.mark.parametrize("prompt", ["--help", "-", "$(id)", "ä" * (MAX_PROMPT_BYTES // 2)])
def test_a_prompt_may_say_anything(prompt):
    assert spec(prompt=prompt).prompt == prompt


@pytest.mark.parametrize("cwd", ["/", "/srv/a b", "~", "~/src"])
def test_a_folder_is_absolute_or_below_the_home(cwd):
    assert spec(cwd=cwd).cwd == cwd


@pytest.mark.parametrize("cwd", [" ", "src", "./src", "../x", "~other/src", "/a\0", "/" * 5000, 1])
def test_what_is_no_such_folder_is_refused(cwd):
    assert faults(cwd=cwd).keys() == {"cwd"}


def test_empty_means_not_given():
    given = spec(cwd="", model="", allowed_tools=None, env=None, max_turns=None, timeout=0)
    assert given == spec()


@pytest.mark.parametrize(
    "model", ["opus", "claude-x-4-20300101", "eu.anthropic.claude-v1:0", "a[1m]"]
)
def test_names_of_models_are_accepted(model):
    assert spec(model=model).model == model


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "--dangerously-skip-permissions"),
        ("model", "a b"),
        ("model", "a\n"),
        ("max_turns", 0),
        ("max_turns", 1001),
        ("max_turns", "3"),
        ("skip_permissions", "yes"),
        ("allowed_tools", ["--dangerously-skip-permissions"]),
        ("allowed_tools", ["Read,Bash"]),
        ("allowed_tools", ["Read Bash"]),
        ("allowed_tools", ["Read(a) Bash(b)"]),
        ("allowed_tools", ["Read\n"]),
        ("allowed_tools", "Read"),
        ("allowed_tools", ["Read"] * 101),
        ("args", ["--model"]),
    ],
)
def test_options_have_strict_forms(field, value):
    assert faults(**{field: value}).keys() == {field}


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({}, None),
        ({"allowed_tools": ["Read", "Grep(src/*)"]}, None),
        ({"skip_permissions": True}, "skip_permissions"),
        ({"allowed_tools": ["Read", "Bash(git log:*)"]}, "allowed_tools"),
        ({"allowed_tools": ["mcp__server__tool"]}, "allowed_tools"),
    ],
)
def test_freedom_needs_the_operator(config, field):
    refusal = spec(**config).refusal(Rules())
    assert (refusal and refusal[0]) == field
    assert refusal is None or "CLAUDE_ALLOW_SKIP_PERMISSIONS=true" in refusal[1]
    allowed = Rules(programs=ProgramRules(may_skip_permissions=True))
    assert spec(**config).refusal(allowed) is None
