"""Where the configs of each kind take variables, and what is judged when."""

import pytest
from pydantic import ValidationError

from app.domain.specs import SPECS, filling
from app.domain.templating import MissingVariables

V = {"A": "alpha", "B": "beta", "OWN": "own"}


def filled(kind, config, own=()):
    return filling.filled(SPECS[kind], config, V, own)


def test_text_is_put_in_everywhere_in_a_request():
    config = {
        "url": "https://${A}.example/${B}",
        "method": "POST",
        "headers": {"Authorization": "Bearer ${A}", "${B}": "x"},
        "body": '{"a": "${A}", "cost": "$${B}"}',
        "timeout": 5,
    }
    made, got = filled("http", config, own=["OWN"])
    assert made == {
        "url": "https://alpha.example/beta",
        "method": "POST",
        "headers": {"Authorization": "Bearer alpha", "${B}": "x"},
        "body": '{"a": "alpha", "cost": "${B}"}',
        "timeout": 5,
    }
    assert got == {"A", "B"}


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("shell", "script", "echo ${A} $OTHER"),
        ("shell", "workdir", "/srv/${A}"),
        ("python", "workdir", "/srv/${A}"),
        ("claude", "cwd", "/srv/${A}"),
        ("docker", "command", ["sh", "-c", "echo ${A}"]),
        ("docker", "entrypoint", ["sh", "-c", "echo $A"]),
    ],
)
def test_scripts_commands_and_folders_stay_and_the_process_gets_what_they_name(kind, field, value):
    made, got = filled(kind, {field: value})
    assert made == {field: value, "env": {"A": "alpha"}}
    assert got == {"A"}


def test_a_process_gets_those_of_its_job_in_any_case_and_its_own_env_wins():
    config = {"script": "echo $A $B", "env": {"A": "mine ${B}"}, "args": ["${A}"]}
    made, got = filled("shell", config, own=["OWN"])
    assert made["env"] == {"A": "mine beta", "B": "beta", "OWN": "own"}
    assert made["args"] == ["alpha"]
    assert got == {"A", "B", "OWN"}


def test_a_missing_one_in_a_script_is_the_matter_of_the_shell():
    made, _ = filled("shell", {"script": "echo ${NOPE}"})
    assert made == {"script": "echo ${NOPE}"}
    with pytest.raises(MissingVariables, match="NOPE, ZERO"):
        filled("shell", {"script": "true", "args": ["${ZERO}", "${NOPE}"]})


def settled(kind, config):
    with pytest.raises(ValidationError) as error:
        SPECS[kind].model_validate(config)
    spec = SPECS[kind]
    items = error.value.errors(include_url=False, include_context=False)
    return [".".join(map(str, i["loc"])) for i in items if filling.is_settled(spec, i)]


@pytest.mark.parametrize(
    ("kind", "config", "faults"),
    [
        ("http", {"url": "${BASE}/x"}, []),
        ("http", {"url": "https://${HOST}/", "method": "${M}"}, []),
        ("http", {"url": "$${BASE}/x"}, ["url"]),
        ("http", {"url": "nonsense ${"}, ["url"]),
        ("http", {"url": "${BASE}", "timeout": "${T}"}, ["timeout"]),
        ("http", {"url": "${BASE}", "headers": {"Host": "${A}"}}, ["headers"]),
        ("http", {"url": "${BASE}", "other": "${A}"}, ["other"]),
        ("docker", {"image": "${IMAGE}"}, []),
        ("docker", {"image": "a", "memory": "${M}", "workdir": "${W}", "user": "${U}"}, []),
        ("docker", {"image": "${IMAGE}", "cap_add": ["${C}"], "pull": "${P}"}, []),
        ("docker", {"image": "A B"}, ["image"]),
        ("shell", {"script": "true", "run_as": "${U}"}, ["run_as"]),
        ("claude", {"prompt": "x", "cwd": "${HOME}"}, ["cwd"]),
        ("python", {"callable": "${P}:f"}, ["callable"]),
    ],
)
def test_a_fault_is_no_fault_where_variables_may_still_mend_it(kind, config, faults):
    assert settled(kind, config) == faults


def test_what_is_wrong_with_a_filled_config_is_said_without_its_values():
    with pytest.raises(ValidationError) as error:
        SPECS["http"].model_validate({"url": "s3cret value", "timeout": "s3cret", "body": 5})
    text = filling.faults(error.value)
    assert text.startswith("url: ")
    assert "timeout: " in text
    assert "s3cret" not in text


def test_each_kind_names_fields_that_it_has():
    for spec in SPECS.values():
        assert spec.untouched <= spec.model_fields.keys()
