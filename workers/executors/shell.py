"""Runs scripts: inline or from a file, by /bin/sh or the interpreter of their ``#!`` line."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.domain.specs.shell import ShellSpec
from workers.executors.base import Context, Options, Outcome
from workers.executors.ending import outcome_of
from workers.executors.process import Command, ProcessHost
from workers.executors.refusal import Refusal
from workers.executors.shebang import HEAD, command_for
from workers.executors.surroundings import (
    Account,
    account_to_run_as,
    check,
    enter,
    environment,
    expand,
    inherited,
)

_CRLF_WARNING = b"The script has Windows line endings (CR LF); they are kept as they are.\n"


class ShellExecutor:
    """Performs :class:`ShellSpec` for one slot."""

    def __init__(self, options: Options) -> None:
        self._scratch = options.scratch
        self._inherited = inherited(options.shell_env_allow)
        self._host = ProcessHost()

    def perform(self, spec: ShellSpec, context: Context) -> Outcome:
        """Run the script and say how it ended; what can't start is an outcome as well."""
        try:
            with self._prepared(spec, context) as command:
                ending = self._host.run(command, context.within(spec.timeout))
        except Refusal as refusal:
            return refusal.outcome()
        except OSError as error:
            text = f"Execution error: {error.strerror or error}"
            return Outcome("failed", error=text, error_code="EXECUTION_ERROR")
        if ending.failure is not None and ending.failure.step == "exec":
            return _not_executed(command.argv[0], ending.failure.errno)
        return outcome_of(ending, "Script")

    def close(self) -> None:
        """End the helper process."""
        self._host.close()

    @contextmanager
    def _prepared(self, spec: ShellSpec, context: Context) -> Iterator[Command]:
        """Make the command, with the script in a file for as long as it runs."""
        parameters = context.parameters
        check(parameters)
        account = account_to_run_as(spec.run_as) if spec.run_as else None
        env = self._environment(spec, context, account)
        cwd = enter(spec.workdir, env)
        if spec.is_path:
            path = _existing(spec.script.strip(), env, cwd)
            file = _as_it_is(path)
        else:
            file = _written(spec.script, self._scratch, account)
        with file as (path, head):
            if b"\r\n" in head:
                context.output.write("system", _CRLF_WARNING)
            args = spec.args if parameters.args is None else parameters.args
            yield Command(
                argv=[*command_for(path, head, env, cwd), *args],
                env=env,
                cwd=cwd,
                body=parameters.body,
                nice=spec.nice or 0,
                identity=account.identity if account else None,
            )

    def _environment(
        self, spec: ShellSpec, context: Context, account: Account | None
    ) -> dict[str, str]:
        """Later ones win: the worker's, the account's, the job's, this run's, our own."""
        own = account.environment() if account else {}
        return environment(self._inherited, own, spec.env, context=context)


def _existing(text: str, env: dict[str, str], cwd: str) -> str:
    path = Path(cwd, expand(text, env))
    if not path.is_file():
        raise Refusal("SCRIPT_NOT_FOUND", f"There is no script file {path}")
    return str(path)


@contextmanager
def _as_it_is(path: str) -> Iterator[tuple[str, bytes]]:
    try:
        with Path(path).open("rb") as file:
            head = file.read(HEAD)
    except PermissionError:
        text = f"The script file {path} can't be read by the worker"
        raise Refusal("SCRIPT_NOT_READABLE", text) from None
    yield path, head


@contextmanager
def _written(script: str, scratch: Path, account: Account | None) -> Iterator[tuple[str, bytes]]:
    """Write the script to a file of its own, where the account can read it."""
    data = script.encode()
    folder = scratch if account is None else Path(tempfile.mkdtemp(prefix="oneoff-"))
    try:
        descriptor, path = tempfile.mkstemp(prefix="script-", dir=folder)
        try:
            with open(descriptor, "wb", buffering=0) as file:  # noqa: PTH123 - a descriptor
                os.fchmod(descriptor, 0o700)
                file.write(data)
            if account is not None:
                for item in (folder, path):
                    os.chown(item, *account.identity[:2])
            yield path, data
        finally:
            Path(path).unlink(missing_ok=True)
    finally:
        if account is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _not_executed(program: str, number: int) -> Outcome:
    """Say why exec failed; it had been there a moment ago, or needs a loader that is missing."""
    codes = {errno.ENOENT: "INTERPRETER_NOT_FOUND", errno.E2BIG: "ARGUMENTS_TOO_LONG"}
    code = codes.get(number, "INTERPRETER_NOT_EXECUTABLE")
    text = f"{program} can't be executed: {os.strerror(number)}"
    return Outcome("failed", error=text, error_code=code)
