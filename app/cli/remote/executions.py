"""The commands of executions."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import targets
from app.cli.remote.figures import execution_metrics
from app.cli.remote.lifecycle import show_why
from app.cli.remote.lists import list_options, show_list, window
from app.cli.remote.many import execution_filters
from app.cli.remote.many.acts import act_on_executions
from app.cli.remote.output import duration, exact, relative
from app.cli.remote.runs import show_lines
from app.cli.remote.session import Remote, remote
from app.client import Execution, Line
from app.domain.clock import to_wire


@click.group(cls=Group)
def executions() -> None:
    """Look at what ran, read its output, cancel it, on a running server."""


executions.add_command(act_on_executions)


@executions.command(name="list")
@execution_filters.options
@click.option("--sort", "sort_by", type=click.Choice(["started_at", "duration_ms"]))
@list_options
@remote()
def list_executions(remote: Remote, **given: Any) -> None:
    """List executions, the newest first; without --status and --waiting what has started."""
    query, client = execution_filters.query(remote.client, window(given)), remote.client
    columns = ("ID", "JOB", "STATUS", "STARTED", "TOOK", "EXIT", "ERROR")
    nothing = "There are no such executions."
    show_list(remote, client.executions.list, query, (columns, _row, nothing))


def _row(one: Execution) -> tuple[Any, ...]:
    name = f"{one.job_name} #{one.number}"
    error = (one.error or one.reason or "").split("\n")[0]
    started = relative(one.started_at) if one.started_at else f"due {relative(one.due_at)}"
    return (one.id, name, one.status, started, duration(one.duration_ms), one.exit_code, error)


executions.add_command(execution_metrics)


@executions.command()
@click.argument("execution")
@remote()
def why(remote: Remote, execution: str) -> None:
    """Tell why an EXECUTION ran, was late, or did not run."""
    show_why(remote, remote.client.executions.why(targets.execution_id(execution)))


@executions.command()
@click.argument("execution")
@remote()
def show(remote: Remote, execution: str) -> None:
    """Show an EXECUTION with the end of its output."""
    found = remote.client.executions.get(targets.execution_id(execution))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    remote.output.pairs(_all_of(found))
    if found.output:
        cut = " (its end)" if found.output_truncated else ""
        click.echo(f"\noutput{cut}:\n{found.output.rstrip(chr(10))}")


def _all_of(one: Execution) -> dict[str, Any]:
    rss = one.usage.max_rss_bytes
    return {
        "id": one.id,
        "job": f"{one.job_name} ({one.job_id})",
        "number": one.number,
        "status": one.status,
        "reason": one.reason,
        "attempt": one.attempt if one.attempt > 1 else "",
        "attempt before": one.parent_execution_id,
        "retries": one.retries or "",
        "replay of": one.replay_of,
        "replayed by": one.replayed_by,
        "discarded": exact(one.discarded_at),
        "origin": f"{one.origin} by {one.actor or 'the system'}",
        "parameters": ", ".join(f"{k}: {v}" for k, v in (one.parameters or {}).items()),
        "due": exact(one.due_at),
        "waits for": one.blocked_on,
        "place in line": one.queue_position,
        "expected": exact(one.expected_start_at),
        "started": exact(one.started_at),
        "lateness": duration(one.lateness_ms),
        "ended": exact(one.completed_at),
        "took": duration(one.duration_ms),
        "exit code": one.exit_code,
        "error": one.error,
        "error code": one.error_code,
        "worker": one.worker,
        "queue": one.queue,
        "priority": one.priority,
        "CPU": f"{one.usage.cpu_seconds:.2f} s" if one.usage.cpu_seconds is not None else "",
        "output purged": _purged(one),
        "peak memory": f"{rss / 1024**2:.1f} MiB" if rss is not None else "",
    }


def _purged(one: Execution) -> str:
    if one.output_purged_at is None:
        return ""
    return f"{exact(one.output_purged_at)} by {one.output_purged_by}"


@executions.command()
@click.argument("execution")
@click.option("--follow", "-f", is_flag=True, help="Go on until the execution has ended.")
@click.option("--after", type=click.IntRange(0), default=0, help="Begin behind this line number.")
@click.option("--stream", type=click.Choice(["stdout", "stderr"]), help="Only these lines.")
@click.option("--timestamps", "-t", is_flag=True, help="Put the time before each line.")
@remote()
def logs(remote: Remote, execution: str, *, follow: bool, after: int, **given: Any) -> None:
    """Print the output of an EXECUTION.

    With --json each line is an object: one document, or one object a line with --follow.
    """
    wanted = targets.execution_id(execution)
    read = remote.client.executions.follow if follow else remote.client.executions.logs
    lines = (line for line in read(wanted, after) if given["stream"] in {None, line.stream})
    if remote.output.as_json and not follow:
        remote.output.json({"data": [line.wire for line in lines]})
    else:
        show_lines(remote, map(_timed, lines) if given["timestamps"] else lines)


def _timed(line: Line) -> Line:
    return line.model_copy(update={"text": f"{to_wire(line.time)} {line.text}"})


@executions.command()
@click.argument("execution")
@click.option("--force", is_flag=True, help="Even if it was replayed before.")
@remote()
def replay(remote: Remote, execution: str, *, force: bool) -> None:
    """Run again what has ended badly, as a new execution. Prints its id."""
    wanted = targets.execution_id(execution)
    started = remote.client.executions.replay(wanted, force=force)
    if remote.output.as_json:
        remote.output.json(started.wire)
    else:
        click.echo(started.execution_id)


@executions.command()
@click.argument("execution", nargs=-1, required=True)
@click.option("--force", is_flag=True, help="Kill it instead of asking it to end.")
@targets.yes_option
@remote()
def cancel(remote: Remote, execution: tuple[str, ...], *, force: bool, yes: bool) -> None:
    """Cancel executions."""
    ids = [targets.execution_id(word) for word in execution]
    if len(ids) > 1:
        targets.confirm(f"Cancel {len(ids)} executions?", yes=yes)
    act = remote.client.executions.cancel
    targets.each(remote, ids, lambda one: act(one, force=force), "cancelled")


@executions.command()
@click.argument("execution", nargs=-1, required=True)
@click.option("--output-only", is_flag=True, help="Only what was printed; how it ended is kept.")
@click.option("--reason", metavar="TEXT", help="Why; the audit log keeps it.")
@targets.yes_option
@remote()
def purge(
    remote: Remote, execution: tuple[str, ...], *, output_only: bool, reason: str | None, yes: bool
) -> None:
    """Delete ended executions, or what they printed, for good."""
    ids = [targets.execution_id(word) for word in execution]
    what = f"{len(ids)} execution{'s' * (len(ids) > 1)}"
    of = f"the output of {what}" if output_only else what
    targets.confirm(f"Delete {of} for good?", yes=yes)
    client = remote.client.executions
    act = client.purge_output if output_only else client.purge
    targets.each(remote, ids, lambda one: act(one, reason), "purged")
