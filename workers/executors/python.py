"""Calls functions of packages that the operator allows, each in an interpreter of its own."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.domain.programs import changes_code
from app.domain.rules import Rules
from app.domain.specs.python import PythonSpec, place_of
from workers.executors import python_runner
from workers.executors.base import Context, Options, Outcome
from workers.executors.ending import Ending, outcome_of
from workers.executors.process import Command, ProcessHost
from workers.executors.refusal import Refusal
from workers.executors.surroundings import check, enter, environment, inherited

#: Isolated from variables, the user's packages and the present folder.
_INTERPRETER = ("-I", "-X", "utf8")
_WORDS = 1000


class PythonExecutor:
    """Performs :class:`PythonSpec` for one slot."""

    def __init__(self, options: Options) -> None:
        self._options = options
        environ = os.environ  # noqa: TID251 - where the operator's packages are, no setting of ours
        parts = environ.get("PYTHONPATH", "").split(os.pathsep)
        # A relative one would depend on the folder that the job chooses.
        self._path = [os.path.abspath(part) for part in parts if part]  # noqa: PTH100
        self._inherited = {
            name: value
            for name, value in inherited(options.shell_env_allow).items()
            if not name.startswith("PYTHON")
        }
        self._host = ProcessHost()

    def perform(self, spec: PythonSpec, context: Context) -> Outcome:
        """Make the call and say how it ended; what can't start is an outcome as well."""
        try:
            self._check(spec, context)
            with self._report() as report:
                command = self._command(spec, context, report)
                ending = self._host.run(command, context.within(spec.timeout))
                told = _read(report)
        except Refusal as refusal:
            return refusal.outcome()
        except OSError as error:
            text = f"Execution error: {error.strerror or error}"
            return Outcome("failed", error=text, error_code="EXECUTION_ERROR")
        return _judged(ending, told)

    def close(self) -> None:
        """End the helper process."""
        self._host.close()

    def _check(self, spec: PythonSpec, context: Context) -> None:
        """Refuse what is not allowed (any more) and what can't be given to a process."""
        refusal = spec.refusal(Rules(programs=self._options.programs))
        if refusal is not None:
            raise Refusal("CALLABLE_NOT_ALLOWED", f"Not allowed: {refusal[1]}")
        check(context.parameters)
        for name in context.parameters.env:
            if changes_code(name):
                raise Refusal("INVALID_PARAMETERS", f"{name} can't be set for a python job")

    @contextmanager
    def _report(self) -> Iterator[Path]:
        """Make the file in which the runner says what went wrong."""
        descriptor, name = tempfile.mkstemp(prefix="report-", dir=self._options.scratch)
        os.close(descriptor)
        try:
            yield Path(name)
        finally:
            Path(name).unlink(missing_ok=True)

    def _command(self, spec: PythonSpec, context: Context, report: Path) -> Command:
        env = environment(self._inherited, spec.env, context=context)
        given = context.parameters
        place = place_of(spec.callable)
        request = {
            "module": place.module,
            "name": place.name,
            "args": spec.args if given.args is None else list(given.args),
            "kwargs": spec.kwargs,
            "body": given.body or "",
            "path": self._path,
            "packages": self._options.programs.packages,
            "report": str(report),
        }
        return Command(
            argv=[sys.executable, *_INTERPRETER, python_runner.__file__],
            env=env,
            cwd=enter(spec.workdir, env),
            body=json.dumps(request),
        )


def _read(report: Path) -> dict[str, Any]:
    """Return what the runner said, if it came to say anything; the callable may have meddled."""
    try:
        with report.open("rb") as file:
            told = json.loads(file.read(2 * python_runner.REPORT_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _judged(ending: Ending, told: dict[str, Any]) -> Outcome:
    codes = {
        "not allowed": "CALLABLE_NOT_ALLOWED",
        "not found": "CALLABLE_NOT_FOUND",
        "raised": "CALLABLE_RAISED",
        "no json": "RESULT_NOT_JSON",
    }
    code = codes.get(str(told.get("what")))
    if code is None or ending.status != python_runner.FAILED:
        return outcome_of(ending, "Callable")
    # What no database can hold: half a surrogate pair, and NUL.
    text = str(told.get("text"))[:_WORDS].encode("utf-8", "replace").decode().replace("\0", "?")
    return Outcome("failed", python_runner.FAILED, text, code, ending.usage)
