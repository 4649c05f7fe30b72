"""The config of a shell job: what is taken, what is refused, what the form can draw."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.specs.shell import ShellSpec


def test_a_script_is_all_it_takes() -> None:
    spec = ShellSpec(script="echo hi")
    assert (spec.is_path, spec.args, spec.env) == (False, [], {})
    assert {spec.workdir, spec.timeout, spec.nice, spec.run_as} == {None}


def test_everything_can_be_given() -> None:
    given = {
        "script": "~/backup.sh",
        "is_path": True,
        "args": ["a b", ""],
        "env": {"_A1": ""},
        "workdir": "/srv",
        "timeout": 604_800,
        "nice": 19,
        "run_as": "www-data",
    }
    assert ShellSpec.model_validate(given).model_dump() == given


def test_a_script_is_kept_to_the_byte() -> None:
    script = "\r\n echo é \r\n\n"
    assert ShellSpec(script=script).script == script


@pytest.mark.parametrize(
    ("field", "empty"),
    [
        ("args", []),
        ("args", None),
        ("env", {}),
        ("env", None),
        ("workdir", ""),
        ("workdir", None),
        ("timeout", 0),
        ("timeout", None),
        ("run_as", ""),
    ],
)
def test_what_is_empty_is_as_if_absent(field: str, empty: object) -> None:
    assert ShellSpec.model_validate({"script": "x", field: empty}) == ShellSpec(script="x")


def test_the_timeout_has_a_second_name() -> None:
    assert ShellSpec.model_validate({"script": "x", "timeout_seconds": 5}).timeout == 5


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("script", ""),
        ("script", " \n\t"),
        ("script", "a\0b"),
        ("script", "x" * 1_048_577),
        ("script", "é" * 600_000),
        ("script", True),
        ("script", None),
        ("is_path", 1),
        ("is_path", "true"),
        ("args", "a"),
        ("args", [1]),
        ("args", ["a\0"]),
        ("args", ["a"] * 1001),
        ("env", {"1A": ""}),
        ("env", {"A-B": ""}),
        ("env", {"": ""}),
        ("env", {"A\n": ""}),
        ("env", {"A": "\0"}),
        ("env", {"A": 1}),
        ("workdir", "a\0"),
        ("workdir", 0),
        ("timeout", -1),
        ("timeout", 604_801),
        ("timeout", "5"),
        ("timeout", True),
        ("timeout", False),
        ("nice", -1),
        ("nice", 20),
        ("run_as", "a b"),
        ("run_as", "-x"),
        ("run_as", "root\n"),
        ("nonsense", 1),
    ],
)
def test_what_makes_no_sense_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        ShellSpec.model_validate({"script": "x", field: value})
    assert caught.value.errors()[0]["loc"][0] == field


def test_the_form_can_draw_every_field() -> None:
    properties = ShellSpec.model_json_schema()["properties"]
    assert set(properties) == set(ShellSpec.model_fields)
    assert all(field["title"] and field["description"] for field in properties.values())
