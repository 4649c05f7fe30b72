"""What every executor promises, whatever it performs."""

from collections.abc import Callable, Iterator

import pytest

from tests.workers.executors import kit_claude, kit_docker, kit_http, kit_python, kit_shell
from tests.workers.executors.conftest import Attempt
from tests.workers.executors.kit import Kit
from tests.workers.executors.recorder import (
    children,
    descriptors,
    eventually,
    forget_peak_memory,
    memory,
)
from workers.executors.base import Executor, Options
from workers.executors.registry import EXECUTORS
from workers.executors.stop import StopReason

KITS: list[Kit] = [
    kit_claude.KIT,
    kit_docker.KIT,
    kit_http.KIT,
    kit_python.KIT,
    kit_shell.KIT,
]
MEBIBYTE = 1024**2

Attempts = Callable[..., Attempt]


@pytest.fixture(params=KITS, ids=lambda kit: kit.kind)
def kit(request: pytest.FixtureRequest) -> Iterator[Kit]:
    if request.param.kind == "docker":
        request.getfixturevalue("docker_engine")  # which is to stay from test to test
    with request.param as kit:
        yield kit


@pytest.fixture
def executor(kit: Kit, options: Options) -> Iterator[Executor]:
    executor = kit.executor(options)
    yield executor
    executor.close()


def test_every_kind_has_a_kit() -> None:
    assert {kit.kind for kit in KITS} == set(EXECUTORS)


def test_work_that_ends_well_is_completed(kit: Kit, executor: Executor, attempt: Attempts) -> None:
    one = attempt()
    outcome = executor.perform(kit.prints(["first", "second"]), one.context)
    assert (outcome.verdict, outcome.exit_code, outcome.error) == ("completed", 0, None)
    assert one.output.lines()[-2:] == ["first", "second"]


def test_work_without_a_deadline_is_completed(
    kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    outcome = executor.perform(kit.prints(["first"]), attempt(seconds=None).context)
    assert outcome.verdict == "completed"


def test_lines_are_streamed_as_they_come(kit: Kit, executor: Executor, attempt: Attempts) -> None:
    one = attempt()
    one.start(executor.perform, kit.prints(["early line"], then_seconds=600))
    one.output.wait_for("early line")
    one.stop.set("force")
    assert one.ending().verdict == "cancelled"


def test_failure_to_be_expected_is_an_outcome(
    kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    outcome = executor.perform(kit.fails(), attempt().context)
    assert outcome.verdict == "failed"
    assert outcome.error
    assert outcome.error_code


def test_the_deadline_is_honoured(kit: Kit, executor: Executor, attempt: Attempts) -> None:
    outcome = executor.perform(kit.sleeps(600), attempt(seconds=0.3).context)
    assert (outcome.verdict, outcome.exit_code) == ("timeout", 124)
    assert outcome.error_code == "TIMEOUT"


def test_a_deadline_already_past_is_honoured(
    kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    outcome = executor.perform(kit.sleeps(600), attempt(seconds=-1).context)
    assert outcome.verdict == "timeout"


@pytest.mark.parametrize("reason", ["cancel", "force"])
def test_a_cancel_is_honoured(
    reason: StopReason, kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    one = attempt()
    one.start(executor.perform, kit.prints(["begun"], then_seconds=600))
    one.output.wait_for("begun")
    one.stop.set(reason)
    outcome = one.ending()
    assert (outcome.verdict, outcome.exit_code) == ("cancelled", 130)


def test_a_cancel_before_the_start_is_honoured(
    kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    one = attempt()
    one.stop.set("cancel")
    assert executor.perform(kit.sleeps(600), one.context).verdict == "cancelled"


@pytest.mark.parametrize(
    ("reason", "code"), [("shutdown", "WORKER_SHUTDOWN"), ("fenced", "FENCED")]
)
def test_an_end_that_nobody_asked_for_is_a_failure(
    reason: StopReason, code: str, kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    one = attempt()
    one.start(executor.perform, kit.prints(["begun"], then_seconds=600))
    one.output.wait_for("begun")
    one.stop.set(reason)
    outcome = one.ending()
    assert (outcome.verdict, outcome.error_code) == ("failed", code)


def test_memory_is_bounded_however_much_is_printed(
    kit: Kit, executor: Executor, attempt: Attempts
) -> None:
    executor.perform(kit.floods(4 * MEBIBYTE), attempt().context)
    before = memory("VmRSS")
    forget_peak_memory()
    outcome = executor.perform(kit.floods(300 * MEBIBYTE), attempt().context)
    assert outcome.verdict == "completed"
    assert memory("VmHWM") - before < 40 * MEBIBYTE


def test_nothing_is_left_behind(kit: Kit, options: Options, attempt: Attempts) -> None:
    attempts = [attempt() for _ in range(3)] + [attempt(seconds=0.2)]
    before = descriptors()
    executor = kit.executor(options)
    executor.perform(kit.prints(["line"]), attempts[0].context)
    executor.perform(kit.fails(), attempts[1].context)
    attempts[2].start(executor.perform, kit.prints(["begun"], then_seconds=600))
    attempts[2].output.wait_for("begun")
    attempts[2].stop.set("cancel")
    attempts[2].ending()
    executor.perform(kit.sleeps(600), attempts[3].context)
    executor.close()
    assert children() == set()
    assert list(options.scratch.iterdir()) == []
    assert eventually(lambda: descriptors() <= before), descriptors() - before


def test_a_closed_executor_can_be_closed_again(kit: Kit, options: Options) -> None:
    executor = kit.executor(options)
    executor.close()
    executor.close()
