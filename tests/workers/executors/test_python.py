"""The python executor: which callables are called, with what, and what is kept of it."""

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.programs import ProgramRules
from app.domain.specs.python import PythonSpec
from tests.workers.executors.conftest import Attempt
from tests.workers.executors.kit_python import PACKAGE, put_on_path
from tests.workers.executors.recorder import eventually, is_alive
from workers.executors import python_runner
from workers.executors.base import Options, Outcome
from workers.executors.python import PythonExecutor

Attempts = Callable[..., Attempt]
Run = Callable[..., tuple[Outcome, Attempt]]

MONTHLY = f"{PACKAGE}.monthly"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@pytest.fixture
def executor(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PythonExecutor]:
    put_on_path(tmp_path / "packages", monkeypatch)
    executor = PythonExecutor(replace(options, programs=ProgramRules(packages=(PACKAGE,))))
    yield executor
    executor.close()


@pytest.fixture
def run(executor: PythonExecutor, attempt: Attempts) -> Run:
    """Call something; keywords are the spec's, ``parameters`` those of the start."""

    def run(
        name: str, *args: Any, parameters: dict[str, Any] | None = None, **spec: Any
    ) -> tuple[Outcome, Attempt]:
        one = attempt(**parameters or {})
        place = name if ":" in name or "." in name else f"{MONTHLY}:{name}"
        spec = {"callable": place, "args": [*args]} | spec
        return executor.perform(PythonSpec(**spec), one.context), one

    return run


def result(one: Attempt) -> Any:
    return json.loads(one.output.lines()[-1])


@pytest.mark.parametrize("place", [f"{MONTHLY}:echo", f"{MONTHLY}.echo"])
def test_a_function_is_called_and_its_value_is_the_last_line(place: str, run: Run) -> None:
    outcome, one = run(place, 1, "two", kwargs={"three": [3]})
    assert (outcome.verdict, outcome.exit_code, outcome.error) == ("completed", 0, None)
    assert result(one) == {"args": [1, "two"], "kwargs": {"three": [3]}}


@given(args=st.lists(JSON, max_size=3), kwargs=st.dictionaries(st.sampled_from("abc"), JSON))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_arguments_arrive_and_return_unchanged(
    run: Run, args: list[Any], kwargs: dict[str, Any]
) -> None:
    assert result(run("echo", *args, kwargs=kwargs)[1]) == {"args": args, "kwargs": kwargs}


def test_a_method_of_a_class_is_called(run: Run) -> None:
    assert result(run(f"{MONTHLY}:Shop.open", 1)[1]) == [1]


def test_no_value_is_no_line(run: Run) -> None:
    assert run("prints", ["first"])[1].output.text() == "first\n"
    assert run("returns", "none")[1].output.text() == ""


def test_the_value_has_a_line_of_its_own(run: Run) -> None:
    assert run("half_line")[1].output.text() == "no end\n7\n"
    _, one = run("returns", "text")
    assert one.output.lines() == ['"\\u00e4\\n\\ud800"']
    assert result(run("returns", "tuple")[1]) == [1, 2]


@pytest.mark.parametrize(("what", "word"), [("nan", "float"), ("set", "set"), ("big", "65536")])
def test_a_value_that_is_no_json_is_a_clear_failure(what: str, word: str, run: Run) -> None:
    outcome, one = run("returns", what)
    assert (outcome.verdict, outcome.error_code) == ("failed", "RESULT_NOT_JSON")
    assert outcome.exit_code == 1
    assert word in (outcome.error or "")
    assert one.output.text() == ""
    assert (outcome.error or "?") in one.output.text("stderr")


def test_an_exception_is_a_failure_with_its_trace_on_stderr(run: Run) -> None:
    outcome, one = run("raises")
    assert (outcome.verdict, outcome.exit_code) == ("failed", 1)
    assert outcome.error_code == "CALLABLE_RAISED"
    assert outcome.error == "Callable raised ValueError: no such month"
    trace = one.output.text("stderr")
    assert trace.startswith("Traceback")
    assert "in raises" in trace
    assert "python_runner" not in trace
    assert one.output.text() == "about to fail\n"


def test_the_words_of_an_exception_are_bounded(run: Run) -> None:
    outcome, _ = run("raises", "\ud83d\0🙂" * 40_000)
    assert outcome.error_code == "CALLABLE_RAISED"
    assert 300 < len(outcome.error or "") <= 1000
    assert not {"\0", "\ud83d"} & set(outcome.error or "")


@pytest.mark.parametrize(
    ("place", "code", "words"),
    [
        (f"{PACKAGE}.weekly:echo", "CALLABLE_NOT_FOUND", f"no module {PACKAGE}.weekly"),
        (f"{PACKAGE}.monthly.x:echo", "CALLABLE_NOT_FOUND", "no module"),
        (f"{MONTHLY}:ecco", "CALLABLE_NOT_FOUND", "has no ecco"),
        (f"{MONTHLY}:number", "CALLABLE_NOT_FOUND", "can't be called"),
        (f"{PACKAGE}.needy:echo", "CALLABLE_RAISED", "No module named 'no_such_library'"),
        (f"{PACKAGE}.broken:echo", "CALLABLE_RAISED", "half installed"),
        (f"{MONTHLY}:subprocess.run", "CALLABLE_NOT_ALLOWED", "belongs to subprocess"),
        (f"{MONTHLY}:os.system", "CALLABLE_NOT_ALLOWED", "which is not allowed"),
        (f"{MONTHLY}:dumps", "CALLABLE_NOT_ALLOWED", "belongs to json"),
        ("os:system", "CALLABLE_NOT_ALLOWED", f"it allows: {PACKAGE}"),
        (f"{PACKAGE}s:x", "CALLABLE_NOT_ALLOWED", "PYTHON_ALLOW"),
    ],
)
def test_what_can_not_be_called_is_a_clear_failure(
    place: str, code: str, words: str, run: Run
) -> None:
    outcome, _ = run(place)
    assert (outcome.verdict, outcome.error_code) == ("failed", code)
    assert words in (outcome.error or "")


def test_by_default_nothing_is_allowed(options: Options, attempt: Attempts) -> None:
    executor = PythonExecutor(options)
    outcome = executor.perform(PythonSpec(callable="json:dumps"), attempt().context)
    executor.close()
    assert outcome.error_code == "CALLABLE_NOT_ALLOWED"
    assert "nothing yet" in (outcome.error or "")


def test_arguments_are_not_on_the_command_line_and_its_place_is_the_job_s(
    run: Run, tmp_path: Path
) -> None:
    _, one = run("where", workdir=str(tmp_path), env={"COLOUR": "red"})
    seen = result(one)
    assert seen["cwd"] == str(tmp_path)
    assert seen["argv"][1:] == []
    assert not {str(tmp_path), str(Path(python_runner.__file__).parent), ""} & set(seen["path"])
    assert seen["env"]["COLOUR"] == "red"
    assert seen["env"]["ONEOFF_EXECUTION_ID"] == one.context.execution_id
    assert seen["env"]["TRACEPARENT"] == one.context.traceparent
    assert not [name for name in seen["env"] if name.startswith("PYTHON")]


def test_variables_are_inherited_by_whitelist(
    options: Options, attempt: Attempts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_on_path(tmp_path / "packages", monkeypatch)
    for name in ("ALLOWED_ONE", "SOME_SECRET", "DATABASE_URL"):
        monkeypatch.setenv(name, "value")
    allowed, rules = ("ALLOWED_ONE", "DATABASE_URL"), ProgramRules(packages=(PACKAGE,))
    executor = PythonExecutor(replace(options, programs=rules, shell_env_allow=allowed))
    one = attempt()
    executor.perform(PythonSpec(callable=f"{MONTHLY}:where"), one.context)
    executor.close()
    seen = result(one)["env"]
    assert "ALLOWED_ONE" in seen
    assert not {"SOME_SECRET", "DATABASE_URL"} & set(seen)


@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD"])
def test_a_start_can_not_bring_in_other_code(name: str, run: Run) -> None:
    outcome, _ = run("echo", parameters={"env": {name: "/tmp"}})
    assert (outcome.verdict, outcome.error_code) == ("failed", "INVALID_PARAMETERS")


def test_a_module_of_the_same_name_in_the_folder_is_not_imported(run: Run, tmp_path: Path) -> None:
    (tmp_path / f"{PACKAGE}.py").write_text("raise RuntimeError('the wrong one')\n")
    (tmp_path / "relative").mkdir()
    (tmp_path / "relative" / f"{PACKAGE}.py").write_text("raise RuntimeError('the wrong one')\n")
    assert run("echo", workdir=str(tmp_path))[0].verdict == "completed"


def test_a_start_replaces_the_arguments_and_gives_the_input(run: Run) -> None:
    assert result(run("echo", 1, parameters={"args": ("x",)})[1])["args"] == ["x"]
    assert result(run("reads", parameters={"body": "from the caller"})[1]) == "from the caller"
    assert result(run("reads")[1]) == ""


def test_the_exit_code_of_a_callable_counts(run: Run) -> None:
    outcome, _ = run("exits", 3)
    assert (outcome.verdict, outcome.exit_code, outcome.error_code) == ("failed", 3, "EXIT_CODE")
    assert run("exits", 0)[0].verdict == "completed"
    outcome, _ = run("dies")
    assert (outcome.exit_code, outcome.error_code) == (128 + signal.SIGKILL, "KILLED_BY_SIGNAL")


def test_a_missing_working_directory_is_named(run: Run, tmp_path: Path) -> None:
    outcome, _ = run("echo", workdir=str(tmp_path / "gone"))
    assert (outcome.verdict, outcome.error_code) == ("failed", "WORKING_DIR_MISSING")


def test_a_cancel_ends_the_whole_family(executor: PythonExecutor, attempt: Attempts) -> None:
    one = attempt()
    one.start(executor.perform, PythonSpec(callable=f"{MONTHLY}:family"))
    one.output.wait_for("\n")
    child = int(one.output.lines()[0])
    assert is_alive(child)
    one.stop.set("cancel")
    assert one.ending().verdict == "cancelled"
    assert eventually(lambda: not is_alive(child))
