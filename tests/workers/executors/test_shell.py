"""The shell executor: what a script gets, and what becomes of it."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.specs.shell import ShellSpec
from tests.workers.executors.conftest import Attempt
from tests.workers.executors.recorder import children
from workers.executors.base import Options, Outcome
from workers.executors.shell import ShellExecutor

Attempts = Callable[..., Attempt]
Run = Callable[..., tuple[Outcome, Attempt]]

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the user")

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)


@pytest.fixture
def executor(options: Options) -> Iterator[ShellExecutor]:
    executor = ShellExecutor(options)
    yield executor
    executor.close()


@pytest.fixture
def run(executor: ShellExecutor, attempt: Attempts) -> Run:
    """Run a script; keywords are the spec's, ``parameters`` those of the run."""

    def run(
        script: str, parameters: dict[str, Any] | None = None, **spec: Any
    ) -> tuple[Outcome, Attempt]:
        one = attempt(**parameters or {})
        return executor.perform(ShellSpec(script=script, **spec), one.context), one

    return run


def variables(one: Attempt) -> dict[str, str]:
    """Read what a script printed with ``env -0``."""
    pairs = (line.partition("=") for line in one.output.text().split("\0") if line)
    return {name: value for name, _, value in pairs}


def test_the_streams_stay_apart(run: Run) -> None:
    outcome, one = run("echo out\necho err >&2\n")
    assert outcome.verdict == "completed"
    assert (one.output.text("stdout"), one.output.text("stderr")) == ("out\n", "err\n")


def test_a_nonzero_exit_fails_with_the_end_of_stderr(run: Run) -> None:
    outcome, _ = run("echo starting >&2\necho disk is full >&2\nexit 3\n")
    assert (outcome.verdict, outcome.exit_code, outcome.error_code) == ("failed", 3, "EXIT_CODE")
    assert outcome.error == "Script exited with code 3: starting\ndisk is full"


def test_a_nonzero_exit_without_words_fails_without_them(run: Run) -> None:
    assert run("exit 7")[0].error == "Script exited with code 7"


def test_the_error_keeps_the_last_kibibyte_of_stderr(run: Run) -> None:
    script = "i=0; while [ $i -lt 1000 ]; do echo é$i >&2; i=$((i+1)); done; exit 1"
    error = run(script)[0].error
    assert error is not None
    assert error.endswith("é998\né999")
    assert len(error.encode()) <= 1024 + len("Script exited with code 1: ")
    assert "\ufffd" not in error


def test_death_by_a_signal_names_it(run: Run) -> None:
    outcome, _ = run("kill -SEGV $$")
    assert outcome.exit_code == 128 + signal.SIGSEGV
    assert outcome.error_code == "KILLED_BY_SIGNAL"
    assert outcome.error is not None
    assert "11 (SIGSEGV)" in outcome.error


def test_the_spec_s_own_timeout_counts(run: Run) -> None:
    outcome, _ = run("sleep 1000", timeout=1)
    assert (outcome.verdict, outcome.exit_code, outcome.error_code) == ("timeout", 124, "TIMEOUT")
    assert outcome.error is not None
    assert outcome.error.startswith("Script timed out after 1")


def test_a_script_that_says_zero_when_timed_out_has_still_timed_out(run: Run) -> None:
    outcome, one = run("trap 'echo cleaning; exit 0' TERM\nsleep 1000 & wait", timeout=1)
    assert outcome.verdict == "timeout"
    assert one.output.text() == "cleaning\n"


@given(args=st.lists(TEXT, max_size=5), value=TEXT, override=TEXT)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_arguments_and_variables_arrive_unchanged(
    executor: ShellExecutor, attempt: Attempts, args: list[str], value: str, override: str
) -> None:
    one = attempt(env={"OVERRIDDEN": override})
    spec = ShellSpec(
        script='printf "%s\\0" "$@" "$VALUE" "$OVERRIDDEN"',
        args=args,
        env={"VALUE": value, "OVERRIDDEN": "the job's"},
    )
    assert executor.perform(spec, one.context).verdict == "completed"
    assert one.output.text().split("\0")[:-1] == [*args, value, override]


@pytest.mark.parametrize(
    "payload", ["$(id)", "; id", "`id`", "a\nid", "{{7*7}}", "%s", "' OR 1=1--", "-e", "*", "~"]
)
def test_a_payload_is_never_part_of_the_command(payload: str, run: Run) -> None:
    script = 'printf "%s\\n" "$1" "$V"; cat'
    _, one = run(script, {"body": payload}, args=[payload], env={"V": payload})
    assert one.output.text() == f"{payload}\n{payload}\n{payload}"


def test_the_arguments_of_a_run_replace_the_job_s(run: Run) -> None:
    assert run('echo "$@"', {"args": ("x",)}, args=["a", "b"])[1].output.text() == "x\n"
    assert run('echo "$@"', {"args": ()}, args=["a", "b"])[1].output.text() == "\n"


def test_stdin_is_the_body_or_empty(run: Run) -> None:
    assert run("cat", {"body": "from the caller"})[1].output.text() == "from the caller"
    assert run("cat")[1].output.text() == ""


@pytest.mark.parametrize(
    "parameters",
    [{"env": {"1A": "x"}}, {"env": {"A": "\0"}}, {"args": ("a\0b",)}, {"args": ("\ud800",)}],
)
def test_parameters_that_no_process_can_take_are_refused(
    parameters: dict[str, Any], run: Run
) -> None:
    outcome, _ = run("true", parameters)
    assert (outcome.verdict, outcome.error_code) == ("failed", "INVALID_PARAMETERS")


def test_the_worker_s_variables_are_inherited_by_whitelist(
    options: Options, attempt: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "TZ", "ALLOWED_ONE", "SOME_SECRET", "DATABASE_URL"):
        monkeypatch.setenv(name, "C" if name == "LC_ALL" else "value")
    executor = ShellExecutor(Options(options.scratch, ("ALLOWED_ONE", "DATABASE_URL")))
    one = attempt()
    executor.perform(ShellSpec(script="env -0"), one.context)
    executor.close()
    seen = variables(one)
    assert {"PATH", "LC_ALL", "TZ", "ALLOWED_ONE"} <= set(seen)
    assert not {"SOME_SECRET", "DATABASE_URL"} & set(seen)


def test_a_star_inherits_everything_but_our_own_secrets(
    options: Options, attempt: Attempts, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = ["DATABASE_URL", "REDIS_URL", "BROKER_URL"]
    for name in [*own, *(f"{name}_FILE" for name in own), "ANYTHING"]:
        monkeypatch.setenv(name, "value")
    executor = ShellExecutor(Options(options.scratch, ("*",)))
    one = attempt()
    executor.perform(ShellSpec(script="env -0"), one.context)
    executor.close()
    assert variables(one)["ANYTHING"] == "value"
    assert not [name for name in variables(one) if name.startswith(tuple(own))]


def test_a_job_may_set_any_variable_but_those_that_say_which_attempt_it_is(run: Run) -> None:
    env = {"DATABASE_URL": "its own", "ONEOFF_EXECUTION_ID": "forged"}
    _, one = run("env -0", env=env)
    assert variables(one)["DATABASE_URL"] == "its own"
    assert variables(one)["ONEOFF_EXECUTION_ID"] == one.context.execution_id


def test_a_script_is_told_which_attempt_it_is(run: Run) -> None:
    _, one = run("env -0")
    seen, context = variables(one), one.context
    assert seen["TRACEPARENT"] == context.traceparent
    assert seen["ONEOFF_IDEMPOTENCY_KEY"] == context.root_execution_id
    assert seen["ONEOFF_JOB_ID"] == context.job_id
    assert (seen["ONEOFF_JOB_NAME"], seen["ONEOFF_ATTEMPT"]) == ("a job", "1")


def test_a_script_starts_in_the_home_directory(run: Run, tmp_path: Path) -> None:
    assert run("pwd -P", env={"HOME": str(tmp_path)})[1].output.text() == f"{tmp_path}\n"
    assert run("pwd", env={"HOME": "/nowhere"})[1].output.text() == "/\n"


def test_a_script_starts_in_its_working_directory(run: Run, tmp_path: Path) -> None:
    _, one = run("pwd -P", workdir="$PLACE/sub", env={"PLACE": str(tmp_path)})
    assert one.output.text() == ""
    (tmp_path / "sub").mkdir()
    _, one = run("pwd -P", workdir="$PLACE/sub", env={"PLACE": str(tmp_path)})
    assert one.output.text() == f"{tmp_path}/sub\n"


def test_a_missing_working_directory_is_named(run: Run, tmp_path: Path) -> None:
    outcome, _ = run("true", workdir=str(tmp_path / "gone"))
    assert (outcome.verdict, outcome.error_code) == ("failed", "WORKING_DIR_MISSING")
    assert outcome.error == f"The working directory {tmp_path / 'gone'} does not exist"
    file = tmp_path / "file"
    file.touch()
    assert (
        run("true", workdir=str(file))[0].error
        == f"The working directory {file} is not a directory"
    )


def test_a_script_runs_by_its_own_interpreter(run: Run) -> None:
    script = "#!/usr/bin/env python3\nimport sys\nprint(sys.argv[1:], sys.version_info.major)\n"
    assert run(script, args=["a b"])[1].output.text() == "['a b'] 3\n"
    assert run("#! /bin/sh -e \nfalse\necho not reached\n")[0].exit_code == 1
    assert run("#!\necho plain\n")[1].output.text() == "plain\n"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("#!/opt/nowhere/perl -w", "/opt/nowhere/perl"),
        ("#!/usr/bin/env no-such-interpreter", "no-such-interpreter"),
        ("#!/etc", "/etc"),
    ],
)
def test_a_missing_interpreter_is_named(line: str, name: str, run: Run) -> None:
    outcome, _ = run(f"{line}\necho\n")
    assert (outcome.verdict, outcome.error_code) == ("failed", "INTERPRETER_NOT_FOUND")
    assert outcome.error is not None
    assert name in outcome.error


def test_an_interpreter_that_is_no_program_is_named(run: Run) -> None:
    outcome, _ = run("#!/etc/passwd\necho\n")
    assert (outcome.verdict, outcome.error_code) == ("failed", "INTERPRETER_NOT_EXECUTABLE")


def test_windows_line_endings_are_kept_and_warned_of(run: Run) -> None:
    _, one = run("#!/usr/bin/env python3\r\nprint(open(__file__, 'rb').read())\r\n")
    assert one.output.text().count(r"\r\n") == 2
    assert "Windows line endings" in one.output.text("system")


def test_a_script_without_a_final_newline_runs(run: Run) -> None:
    assert run("echo whole")[1].output.text() == "whole\n"


def test_the_script_s_file_is_private_and_removed(run: Run, options: Options) -> None:
    _, one = run('stat -c %a "$0"')
    assert one.output.text() == "700\n"
    assert list(options.scratch.iterdir()) == []


def test_a_scratch_folder_that_is_gone_is_a_failure(run: Run, options: Options) -> None:
    shutil.rmtree(options.scratch)
    outcome, _ = run("true")
    assert (outcome.verdict, outcome.error_code) == ("failed", "EXECUTION_ERROR")
    assert outcome.error == "Execution error: No such file or directory"


def test_a_script_may_be_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "my script"
    file.write_text('#!/bin/sh -e\necho "$1"\nfalse\necho not reached\n')
    file.chmod(0o600)
    outcome, one = run("~/my script", is_path=True, args=["a b"], env={"HOME": str(tmp_path)})
    assert (outcome.exit_code, one.output.text()) == (1, "a b\n")
    env = {"PLACE": str(tmp_path)}
    assert run("${PLACE}/my script", is_path=True, env=env)[0].exit_code == 1
    assert run("my script", is_path=True, workdir=str(tmp_path))[0].exit_code == 1
    assert file.exists()


def test_a_script_file_may_be_a_program(run: Run) -> None:
    assert run("/bin/echo", is_path=True, args=["hi"])[1].output.text() == "hi\n"


@pytest.mark.parametrize("path", ["/nowhere/script.sh", "/etc", "$DATABASE_URL/x"])
def test_a_missing_script_file_is_named(
    path: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret")
    outcome, _ = run(path, is_path=True)
    assert (outcome.verdict, outcome.error_code) == ("failed", "SCRIPT_NOT_FOUND")
    assert outcome.error is not None
    assert path in outcome.error
    assert "secret" not in outcome.error


@needs_root
def test_a_script_runs_as_another_user(run: Run) -> None:
    script = "id -un; id -Gn; echo $USER $LOGNAME $HOME; pwd; stat -c %U \"$0\"; echo '#' | cat"
    outcome, one = run(script, run_as="nobody")
    assert outcome.verdict == "completed"
    assert one.output.lines() == [
        "nobody",
        "nogroup",
        "nobody nobody /nonexistent",
        "/",
        "nobody",
        "#",
    ]


@needs_root
def test_an_unknown_user_is_named(run: Run) -> None:
    outcome, _ = run("true", run_as="no-such-user")
    assert (outcome.verdict, outcome.error_code) == ("failed", "UNKNOWN_USER")
    assert outcome.error == "There is no user no-such-user on this machine"


def test_only_root_may_run_as_somebody_else(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    outcome, _ = run("true", run_as="nobody")
    assert (outcome.verdict, outcome.error_code) == ("failed", "RUN_AS_NOT_PERMITTED")


def test_niceness_is_the_spec_s(run: Run) -> None:
    assert run("nice", nice=11)[1].output.text() == "11\n"


def test_an_executor_serves_many_scripts_and_then_leaves_nothing(
    options: Options, attempt: Attempts
) -> None:
    executor = ShellExecutor(options)
    for number in range(20):
        outcome = executor.perform(
            ShellSpec(script=f"sleep 1000 & exit {number}"), attempt().context
        )
        assert outcome.exit_code == number
    executor.close()
    assert children() == set()
