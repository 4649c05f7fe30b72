"""When the product counts as at work."""

from typing import Any

import pytest

from app.cli.watchdog import judge

_ALL = {"run": 1, "dispatch": 1, "auxiliary": 1}


def _report(consuming: dict[str, int], **parts: Any) -> dict[str, Any]:
    lanes = {lane: {"up": 1, "consuming": number} for lane, number in (_ALL | consuming).items()}
    ok = {"status": "ok"}
    report = {
        "status": "ok",
        "version": "1",
        "database": ok,
        "schema": ok,
        "broker": ok | {"embedded": True},
        "workers": {"status": "ok", "lanes": lanes},
        "queues": [{"name": "default", "depth": 2}, {"name": "other", "depth": 1}],
    }
    return {name: value | parts.get(name, {}) if isinstance(value, dict) else value
            for name, value in report.items()}  # fmt: skip


DOWN = {"status": "down", "problem": "it is away"}


@pytest.mark.parametrize(
    ("works", "report"),
    [
        (True, _report({})),
        (True, _report({"auxiliary": 0})),
        (False, _report({"run": 0})),
        (False, _report({"dispatch": 0})),
        (True, _report({"run": 0}, database=DOWN)),
        (True, _report({"run": 0}, broker=DOWN | {"embedded": False})),
        (False, _report({"run": 0}, broker=DOWN)),
    ],
)
def test_workers_that_take_nothing_are_stuck_unless_what_is_missing_is_not_ours(
    works: bool, report: dict[str, Any]
) -> None:
    assert judge(report)[0] is works


def test_the_line_for_people_names_the_problems_or_what_waits() -> None:
    assert judge(_report({}, database=DOWN, broker=DOWN))[1] == "it is away; it is away"
    assert judge(_report({}))[1] == "at work; 3 executions wait for a slot"


def test_a_report_that_leaves_out_what_strangers_need_not_know_will_do() -> None:
    report = _report({})
    del report["queues"], report["version"]
    assert judge(report) == (True, "at work")
