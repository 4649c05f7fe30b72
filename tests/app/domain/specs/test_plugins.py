"""Kinds of jobs from other packages: what is wrong with one is said and touches no other."""

import sys
import types
from importlib.metadata import EntryPoint

import pytest

from app.domain.specs import plugins
from app.domain.specs.base import Spec
from app.domain.specs.plugins import Plugin


class Wait(Spec):
    kind = "wait"
    title = "Wait"
    description = "Waits."


def spec(**over):
    """Return a spec that differs from a good one."""
    return type("Odd", (Wait,), {"__annotations__": {}, **over})


@pytest.fixture
def load(monkeypatch):
    """Return a function that finds plugins as the installation would."""

    def found(*things):
        module = types.ModuleType("some_package")
        for number, thing in enumerate(things):
            setattr(module, f"p{number}", thing)
        monkeypatch.setitem(sys.modules, "some_package", module)
        entries = [
            EntryPoint(f"e{number}", f"some_package:p{number}", plugins.GROUP)
            for number in range(len(things))
        ]
        return plugins.load(entries, {"shell"})

    return found


def test_a_good_plugin_is_found(load):
    good = Plugin(Wait, "some_package.executor:Executor")
    assert load(good).plugins == {"wait": good}
    assert load(good).faults == ()


@pytest.mark.parametrize(
    ("thing", "word"),
    [
        (None, "must lead to a Plugin"),
        (Wait, "must lead to a Plugin"),
        (Plugin(str, "a:B"), "must lead to a Plugin"),  # type: ignore[arg-type]
        (Plugin(spec(kind="shell"), "a:B"), "already"),
        (Plugin(spec(kind="Wait a bit"), "a:B"), "lower-case"),
        (Plugin(spec(title=""), "a:B"), "no title"),
        (Plugin(Wait, "a.B"), "package.module:Class"),
    ],
)
def test_a_bad_one_is_named_and_the_others_are_used(load, thing, word):
    good = Plugin(spec(kind="good"), "a:B")
    found = load(thing, good)
    assert found.plugins == {"good": good}
    (fault,) = found.faults
    assert fault.startswith("e0 = some_package:p0: ")
    assert word in fault


def test_one_whose_package_breaks_or_is_gone_is_named(load):
    entries = [EntryPoint("gone", "no_such_package:plugin", plugins.GROUP)]
    (fault,) = plugins.load(entries, ()).faults
    assert "ModuleNotFoundError" in fault


def test_of_two_of_one_kind_the_first_is_used(load):
    first, second = Plugin(Wait, "a:B"), Plugin(Wait, "c:D")
    found = load(first, second)
    assert found.plugins == {"wait": first}
    assert len(found.faults) == 1
