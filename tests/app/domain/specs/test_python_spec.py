"""The config of python jobs: what is accepted, what is refused and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.programs import ProgramRules, parse_packages
from app.domain.rules import Rules
from app.domain.specs.python import MAX_BYTES, PythonSpec, place_of

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)


def spec(**config):
    return PythonSpec.model_validate({"callable": "reports:build"} | config)


def faults(**config):
    with pytest.raises(ValidationError) as caught:
        spec(**config)
    return {str(item["loc"][0]): item["msg"] for item in caught.value.errors()}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("reports:build", ("reports", "build")),
        ("reports.build", ("reports", "build")),
        ("acme.reports.build", ("acme.reports", "build")),
        ("acme.reports:Shop.open", ("acme.reports", "Shop.open")),
    ],
)
def test_a_callable_is_named_in_two_ways(text, place):
    assert place_of(spec(callable=text).callable) == place


@pytest.mark.parametrize(
    "text",
    ["", "build", ":build", "reports:", "a:b:c", "a..b", "a.b.", "a b:c", "a/b:c", "1a:b", "a:b\n",
     "a-b:c", "a:b()", "ä:b", "a:b;id", "x" * 300 + ":" + "y" * 300, 3],
)  # fmt: skip
def test_what_is_no_callable_is_refused(text):
    assert faults(callable=text).keys() == {"callable"}


@pytest.mark.parametrize(
    "text", ["a:_b", "a:__import__", "_a:b", "a._b:c", "a:b.__globals__", "a.b.__class__"]
)
def test_private_names_are_refused(text):
    assert "private" in faults(callable=text)["callable"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("args", "x"),
        ("args", [float("nan")]),
        ("args", [{1, 2}]),
        ("args", ["x" * MAX_BYTES]),
        ("args", [0] * 1001),
        ("kwargs", []),
        ("kwargs", {"a b": 1}),
        ("kwargs", {"__class__": 1}),
        ("kwargs", {"a": ["x" * MAX_BYTES]}),
        ("env", {"PYTHONPATH": "/tmp"}),
        ("env", {"LD_PRELOAD": "/tmp/x.so"}),
        ("env", {"DYLD_INSERT_LIBRARIES": "x"}),
        ("cwd", "/"),
    ],
)
def test_what_can_not_be_passed_is_refused(field, value):
    assert faults(**{field: value}).keys() == {field}


def test_empty_means_not_given():
    assert spec(args=None, kwargs=None, env=None, workdir="", timeout=0) == spec()


@pytest.mark.parametrize("allowed", [(), ("report",), ("reports.monthly",), ("build",)])
def test_a_callable_of_another_package_is_refused(allowed):
    refusal = spec().refusal(Rules(programs=ProgramRules(packages=allowed)))
    assert refusal is not None
    assert refusal[0] == "callable"
    assert "PYTHON_ALLOW" in refusal[1]


@pytest.mark.parametrize("text", ["reports:x", "reports.a.b:x", "reports.x"])
def test_a_callable_of_an_allowed_package_is_accepted(text):
    rules = Rules(programs=ProgramRules(packages=("other", "reports")))
    assert spec(callable=text).refusal(rules) is None


@given(st.lists(NAMES, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=4))
def test_allowed_is_what_begins_with_the_package_s_own_names(package, module):
    rules = ProgramRules(packages=(".".join(package),))
    assert rules.has_package(".".join(module)) == (module[: len(package)] == package)


def test_packages_are_read_from_a_list_with_commas():
    assert parse_packages(" reports, acme.tools ,,") == ("reports", "acme.tools")
    assert parse_packages("") == ()


@pytest.mark.parametrize("text", ["*", "a b", "a:b", "a.", "../a", "_a", "a,b-c"])
def test_what_is_no_package_is_named(text):
    with pytest.raises(ValueError, match="is no name of a package"):
        parse_packages(text)
