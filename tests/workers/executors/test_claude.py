"""The claude executor: how the program is started, what it is given, and what is kept of it."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.programs import ProgramRules
from app.domain.specs.claude import ClaudeSpec
from tests.workers.executors.conftest import Attempt
from tests.workers.executors.kit_claude import put_on_path
from workers.executors import claude_logs
from workers.executors.base import Options, Outcome
from workers.executors.claude import ClaudeExecutor, arguments

Attempts = Callable[..., Attempt]
Run = Callable[..., tuple[Outcome, Attempt]]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in on PATH; it writes into this folder how it was started."""
    folder = tmp_path / "record"
    folder.mkdir()
    put_on_path(tmp_path / "bin", monkeypatch)
    return folder


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path / "claude logs"


@pytest.fixture
def run(options: Options, logs: Path, record: Path, attempt: Attempts) -> Iterator[Run]:
    """Run a prompt; keywords are the spec's, ``given`` changes options or starts it otherwise."""
    made: list[ClaudeExecutor] = []

    def run(
        prompt: str,
        *,
        parameters: dict[str, Any] | None = None,
        given: dict[str, Any] | None = None,
        **spec: Any,
    ) -> tuple[Outcome, Attempt]:
        one = attempt(**parameters or {})
        made.append(ClaudeExecutor(replace(options, **({"claude_logs": logs} | (given or {})))))
        env = {"RECORD": str(record)} | spec.pop("env", {})
        return made[-1].perform(ClaudeSpec(prompt=prompt, env=env, **spec), one.context), one

    yield run
    for executor in made:
        executor.close()


def words(record: Path) -> list[str]:
    return (record / "arguments").read_text().split("\0")[:-1]


def variables(record: Path) -> dict[str, str]:
    pairs = (part.partition("=") for part in (record / "environment").read_text().split("\0"))
    return {name: value for name, _, value in pairs if name}


def test_the_prompt_is_one_argument(run: Run, record: Path) -> None:
    outcome, one = run("echo done; echo aside >&2")
    assert (outcome.verdict, outcome.exit_code) == ("completed", 0)
    assert words(record) == ["--verbose", "-p", "echo done; echo aside >&2"]
    assert (one.output.text("stdout"), one.output.text("stderr")) == ("done\n", "aside\n")


@pytest.mark.parametrize(
    "prompt",
    ["true # $(touch gone) `id` ; id", "true\n'\"\\\n", "exit 0 # {{7*7}} %s * ~", "true #  ä 🙂 "],
)
def test_nothing_in_a_prompt_is_read_by_a_shell(prompt: str, run: Run, record: Path) -> None:
    run(prompt)
    assert words(record)[-1] == prompt


@pytest.mark.parametrize("prompt", ["--dangerously-skip-permissions", "-p", "- a list", "--"])
def test_a_prompt_is_never_an_option(prompt: str, run: Run, record: Path) -> None:
    run(prompt)
    assert words(record) == ["--verbose", "-p", "--", prompt]


def test_options_are_arguments_of_their_own() -> None:
    spec = ClaudeSpec(
        prompt="hello",
        skip_permissions=True,
        model="opus",
        max_turns=3,
        allowed_tools=["Read", "Bash(git log:*)"],
    )
    tools = ["--allowedTools", "Read", "Bash(git log:*)"]
    begin = ["--dangerously-skip-permissions", "--model", "opus", "--max-turns", "3"]
    assert arguments(spec) == [*begin, *tools, "--verbose", "-p", "hello"]


@pytest.mark.parametrize("freedom", [{"skip_permissions": True}, {"allowed_tools": ["Bash"]}])
def test_freedom_is_given_only_if_the_operator_allows_it(
    freedom: dict[str, Any], run: Run, record: Path
) -> None:
    outcome, _ = run("true", **freedom)
    assert (outcome.verdict, outcome.error_code) == ("failed", "OPTION_NOT_ALLOWED")
    assert "CLAUDE_ALLOW_SKIP_PERMISSIONS" in (outcome.error or "")
    assert not list(record.iterdir())
    outcome, _ = run("true", given={"programs": ProgramRules(may_skip_permissions=True)}, **freedom)
    assert outcome.verdict == "completed"
    assert ("--dangerously-skip-permissions" in words(record)) == ("skip_permissions" in freedom)


def test_it_works_in_its_folder(
    run: Run, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for cwd, where in ((str(record), record), ("~/record", record), (None, tmp_path)):
        run("true", cwd=cwd)
        assert (record / "cwd").read_text() == f"{where}\n"


def test_a_missing_folder_is_named(run: Run, record: Path, tmp_path: Path) -> None:
    outcome, _ = run("true", cwd=str(tmp_path / "gone"))
    assert (outcome.verdict, outcome.error_code) == ("failed", "WORKING_DIR_MISSING")
    assert str(tmp_path / "gone") in (outcome.error or "")
    assert not list(record.iterdir())


@pytest.mark.parametrize("name", ["no-such-claude", "/opt/nowhere/claude"])
def test_a_missing_program_is_a_clear_failure(name: str, run: Run, logs: Path) -> None:
    outcome, _ = run("true", given={"claude_command": name})
    assert (outcome.verdict, outcome.error_code) == ("failed", "CLAUDE_MISSING")
    assert f"There is no program {name} " in (outcome.error or "")
    assert not logs.exists()


def test_the_program_may_be_elsewhere(
    run: Run, record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = put_on_path(tmp_path / "other", monkeypatch, name="my-claude")
    outcome, _ = run("true", given={"claude_command": str(other)}, env={"PATH": "/nowhere:/bin"})
    assert outcome.verdict == "completed"


def test_a_failure_says_the_end_of_stderr(run: Run) -> None:
    outcome, _ = run("echo Invalid API key >&2; exit 1")
    assert (outcome.exit_code, outcome.error_code) == (1, "EXIT_CODE")
    assert outcome.error == "Claude exited with code 1: Invalid API key"


def test_variables_are_those_of_a_script(
    run: Run, record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SOME_SECRET", "DATABASE_URL", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(name, "value")
    _, one = run(
        "true",
        given={"shell_env_allow": ("ANTHROPIC_API_KEY", "DATABASE_URL")},
        env={"A": "job", "B": "job"},
        parameters={"env": {"B": "run"}},
    )
    seen = variables(record)
    assert not {"SOME_SECRET", "DATABASE_URL"} & set(seen)
    assert (seen["ANTHROPIC_API_KEY"], seen["A"], seen["B"]) == ("value", "job", "run")
    assert seen["TRACEPARENT"] == one.context.traceparent
    assert seen["ONEOFF_EXECUTION_ID"] == one.context.execution_id


def test_the_body_of_a_start_is_its_input_and_arguments_are_refused(run: Run, record: Path) -> None:
    run("true", parameters={"body": "a log to explain"})
    assert (record / "input").read_text() == "a log to explain"
    outcome, _ = run("true", parameters={"args": ("--dangerously-skip-permissions",)})
    assert outcome.error_code == "INVALID_PARAMETERS"


def test_each_stream_has_a_log_file_that_only_its_owner_reads(run: Run, logs: Path) -> None:
    _, one = run("echo out; echo err >&2")
    stdout, stderr = sorted(logs.iterdir(), reverse=True)
    assert (stdout.read_text(), stderr.read_text()) == ("out\n", "err\n")
    for path, end in ((stdout, ".stdout.log"), (stderr, ".stderr.log")):
        assert path.name.startswith(f"{one.context.execution_id}-20")
        assert path.name.endswith(end)
        assert claude_logs.execution_of(path.name) == one.context.execution_id
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(logs.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", ["notes.txt", "x.stdout.log", "e" * 32 + ".log", "e" * 32 + "-20300101-000000.log"]
)
def test_other_files_are_nobody_s_logs(name: str) -> None:
    assert claude_logs.execution_of(name) is None


def test_a_log_file_is_bounded_and_says_so(run: Run, logs: Path) -> None:
    _, one = run("head -c 300000 /dev/zero; echo end", given={"max_output_bytes": 1000})
    data = next(logs.glob("*.stdout.log")).read_bytes()
    assert data == bytes(1000) + claude_logs._CUT
    assert one.output.size == 300_004


@pytest.mark.parametrize("obstacle", ["a file", "a link"])
def test_without_log_files_the_work_goes_on(obstacle: str, run: Run, logs: Path) -> None:
    if obstacle == "a file":
        logs.write_text("in the way")
    else:
        logs.symlink_to("/proc/nowhere")
    outcome, one = run("echo done")
    assert outcome.verdict == "completed"
    assert "Log files can't be written" in one.output.text("system")
    assert one.output.text() == "done\n"


def test_a_full_disk_costs_only_the_log_files(
    run: Run, logs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def opened(path: Any, *rest: Any) -> int:
        is_mine = str(path).endswith(".stdout.log")
        return real("/dev/full", os.O_WRONLY) if is_mine else real(path, *rest)

    monkeypatch.setattr(os, "open", opened)
    outcome, one = run("echo done")
    assert (outcome.verdict, one.output.text()) == ("completed", "done\n")
    assert "No space left" in one.output.text("system")


def test_without_a_folder_there_are_no_log_files(run: Run) -> None:
    assert run("true", given={"claude_logs": None})[0].verdict == "completed"
