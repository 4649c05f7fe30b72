"""Runs in an interpreter of its own: makes one call, and prints what it returns.

Started by path, with the standard library only and nothing of the product's. The request is JSON on
standard input: ``module, name, args, kwargs, body, path, packages, report``. What the callable
prints goes its way; the value it returns is the last line of standard output, as JSON (nothing, if
it is None). What goes wrong is told on standard error and, in short, in the file ``report``.
"""

import importlib
import io
import json
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

#: The exit code of a call that did not end well.
FAILED = 1
#: The log breaks longer lines, so that a longer result could not be read again.
RESULT_BYTES = 65_536
REPORT_BYTES = 4000


class Lines(io.TextIOWrapper):
    """Standard output that knows whether its last line has been ended."""

    is_amid_line = False

    def write(self, text: str, /) -> int:
        """Write, and remember how it ended."""
        if text:
            self.is_amid_line = not text.endswith("\n")
        return super().write(text)


class Fault(Exception):
    """The call can't be made, or its result can't be told: what it is, and a sentence."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__(text)
        self.what = what


def find(request: dict[str, Any]) -> Any:
    """Return the callable. Raises :class:`Fault`."""
    module, name = request["module"], request["name"]
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and f"{module}.".startswith(f"{error.name}."):
            raise Fault("not found", f"There is no module {error.name}") from None
        raise
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise Fault("not found", f"The module {module} has no {name}") from None
    if not callable(found):
        raise Fault("not found", f"{module}:{name} can't be called")
    _check_home(found, request)
    return found


def _check_home(found: Any, request: dict[str, Any]) -> None:
    """Refuse what an allowed module has only imported from another package."""
    home = str(getattr(found, "__module__", None))
    if not any(home == one or home.startswith(f"{one}.") for one in request["packages"]):
        text = f"{request['module']}:{request['name']} belongs to {home}, which is not allowed"
        raise Fault("not allowed", text)


def as_json(value: Any) -> str:
    """Return a result as one line. Raises :class:`Fault`."""
    try:
        text = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Fault("no json", f"The callable returned what is no JSON: {error}") from None
    if len(text) > RESULT_BYTES:
        size = f"{len(text)} bytes of JSON; at most {RESULT_BYTES} are kept"
        raise Fault("no json", f"The callable returned {size}")
    return text


def call(request: dict[str, Any], output: Lines) -> None:
    """Make the call and print its result."""
    value = find(request)(*request["args"], **request["kwargs"])
    text = "" if value is None else f"{as_json(value)}\n"
    output.write("\n" + text if text and output.is_amid_line else text)
    output.flush()


def fail(what: str, text: str, report: str) -> NoReturn:
    """Say in short what went wrong, and end."""
    sys.stdout.flush()
    told = {"what": what, "text": text[: REPORT_BYTES // 12]}  # a character has at most 12 bytes
    Path(report).write_text(json.dumps(told), encoding="ascii")
    sys.exit(FAILED)


def main() -> None:
    """Read the request, and do it."""
    request = json.load(sys.stdin)
    sys.stdin = io.StringIO(request["body"])
    sys.path[:0] = request["path"]
    output = Lines(sys.stdout.buffer, "utf-8", "backslashreplace", line_buffering=True)
    sys.stdout = output
    try:
        call(request, output)
    except Fault as fault:
        sys.stderr.write(f"{fault}\n")
        fail(fault.what, str(fault), request["report"])
    except Exception as error:
        error.__traceback__ = _theirs(error)
        traceback.print_exception(error)
        words = "".join(traceback.format_exception_only(error)).strip()
        fail("raised", f"Callable raised {words}", request["report"])


def _theirs(error: Exception) -> Any:
    """Return the trace without our own frames at its beginning."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


if __name__ == "__main__":
    main()
