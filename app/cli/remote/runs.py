"""Starting a job by hand, and staying until it has ended."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

import click

from app.cli.commands import Command
from app.cli.options import INTERRUPTED, REFUSED
from app.cli.remote import inputs, targets, wishes
from app.cli.remote.output import clean, duration, note
from app.cli.remote.session import Remote, remote
from app.client import Execution, Started

#: The exit code that shells give a command whose time was over.
TIMED_OUT = 124
_UNLIMITED = "unlimited"


class Seconds(click.ParamType[float]):
    """The seconds that ``--wait`` may name."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds; endless for as long as it takes."""
        if value == _UNLIMITED:
            return float("inf")
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 <= seconds < float("inf"):
            self.fail(f"{value!r} is no number of seconds; put --wait behind the job.", param, ctx)
        return seconds


@click.command(
    cls=Command,
    epilog="With --wait or --follow the exit code is the job's. Without one it is 0 if the job "
    "completed, 130 if it was cancelled, 124 if its time was over, else 1; and 1 if SECONDS are "
    "over and it still runs.",
)
@click.argument("job")
@click.option("--env", multiple=True, metavar="NAME=VALUE", help="A variable. Repeatable.")
@click.option("--arg", "args", multiple=True, metavar="TEXT", help="An argument. Repeatable.")
@click.option("--body", metavar="TEXT|@FILE|-", help="Standard input, or the body of a request.")
@click.option("--priority", type=click.IntRange(1, 10), help="10 goes first.  [default: the job's]")
@click.option("--skip-overlap", is_flag=True, help="Run beside what is in progress in any case.")
@click.option(
    "--wait",
    type=Seconds(),
    is_flag=False,
    flag_value=_UNLIMITED,
    metavar="[SECONDS]",
    help="Wait for its end.",
)
@click.option("--follow", "-f", is_flag=True, help="Print its output as it comes, to its end.")
@remote()
def run(remote: Remote, job: str, *, wait: float | None, follow: bool, **given: Any) -> None:
    """Start JOB now, whatever its schedule says. Prints the id of the execution.

    --env, --arg, --body, --priority and --skip-overlap are for this execution and its retries
    only; arguments replace those of the job.
    """
    parameters = _parameters(given)
    started = remote.client.jobs.execute(targets.job_id(remote.client, job), **parameters)
    if not follow and wait is None:
        _say_started(remote, started)
        return
    _see_out(remote, started.execution_id, wait, follow=follow)


@click.command(
    name="try",
    cls=Command,
    epilog="The exit code is that of what was run; without one 0 if it completed, else 1.",
)
@click.option("--type", "kind", metavar="TYPE", help="shell, http, …; needed only with --config.")
@wishes.what_options
@click.option("--project", metavar="NAME|ID", help="Whose variables it is given.")
@click.option("--queue", metavar="NAME", help="The run queue.")
@click.option("--timeout", type=click.IntRange(1), metavar="SECONDS", help="The most it may take.")
@remote("--server")
def try_out(remote: Remote, kind: str | None, **given: Any) -> None:
    """Run once what a job is to do, before it is made, and print its output to the end.

    It is forgotten after a day.
    """
    meant = wishes.kind(given, kind)
    if meant is None:
        raise click.UsageError(wishes.SAY_WHAT)
    body = {"type": meant, "config": wishes.over({}, given), "queue": given["queue"]}
    body["timeout_seconds"] = given["timeout"]
    if given["project"] is not None:
        body["project_id"] = targets.project_id(remote.client, given["project"])
    wish = {name: value for name, value in body.items() if value is not None}
    _see_out(remote, remote.client.jobs.try_out(wish).execution_id, None, follow=True)


def _see_out(remote: Remote, execution_id: str, wait: float | None, *, follow: bool) -> NoReturn:
    with _leaving_it_alone(execution_id):
        ended = _attend(remote, execution_id, wait, follow=follow)
    _say_ended(remote, ended, follow=follow)
    sys.exit(exit_code(ended))


def _parameters(given: dict[str, Any]) -> Any:
    found: dict[str, Any] = {}
    if given["env"]:
        found["env"] = inputs.pairs(given["env"], "--env")
    if given["args"]:
        found["args"] = [*given["args"]]
    if given["body"] is not None:
        found["body"] = inputs.text_of(given["body"], "--body")
    if given["priority"] is not None:
        found["priority"] = given["priority"]
    if given["skip_overlap"]:
        found["skip_overlap"] = True
    return found


def _say_started(remote: Remote, started: Started) -> None:
    if remote.output.as_json:
        remote.output.json(started.wire)
        return
    note(f"Started; see its output: oneoff executions logs -f {started.execution_id}")
    click.echo(started.execution_id)


@contextlib.contextmanager
def _leaving_it_alone(execution_id: str) -> Iterator[None]:
    """Tell whoever stops waiting that the execution goes on."""
    try:
        yield
    except KeyboardInterrupt:
        note(f"\nIt goes on. To end it: oneoff executions cancel {execution_id}")
        raise


def _attend(remote: Remote, execution_id: str, seconds: float | None, *, follow: bool) -> Execution:
    """Stay with an execution, and with the attempts that follow it, until the last has ended."""
    executions = remote.client.executions
    while True:
        if follow:
            show_lines(remote, executions.follow(execution_id))
        limit = None if seconds in {None, float("inf")} else seconds
        ended = executions.wait(execution_id, limit)
        if not ended.is_final or ended.status in {"completed", "cancelled"}:
            return ended
        later = executions.retry_of(ended)
        if later is None:
            return ended
        note(f"Attempt {ended.attempt}: {_how(ended)}; going on with attempt {later.attempt}.")
        execution_id = later.id


def show_lines(remote: Remote, lines: Iterator[Any]) -> None:
    """Print lines of output as they come."""
    for line in lines:
        if remote.output.as_json:
            remote.output.json_line(line.wire)
        else:
            print(line.text, flush=True)


def _say_ended(remote: Remote, execution: Execution, *, follow: bool) -> None:
    if remote.output.as_json and follow:
        remote.output.json_line({"execution": execution.wire})
    elif remote.output.as_json:
        remote.output.json(execution.wire)
    elif execution.is_final:
        took = f" after {duration(execution.duration_ms)}" if execution.duration_ms else ""
        note(f"Execution {execution.id}: {_how(execution)}{took}.")
        if not follow and execution.output:
            print(execution.output, end="" if execution.output.endswith("\n") else "\n")
    else:
        note(f"Execution {execution.id} is still {execution.status}; it goes on.")


def _how(execution: Execution) -> str:
    why = execution.error or execution.reason
    return clean(f"{execution.status} ({why})" if why else execution.status)


def exit_code(execution: Execution) -> int:
    """Return the exit code of a command that waited for an execution."""
    if not execution.is_final:
        return REFUSED
    if execution.exit_code is not None:
        return execution.exit_code
    known = {"completed": 0, "cancelled": INTERRUPTED, "timeout": TIMED_OUT}
    return known.get(execution.status, REFUSED)
