"""The commands of workers and of the system as a whole."""

import click

from app.cli.commands import Command, Group
from app.cli.remote import inputs
from app.cli.remote.output import duration, exact, note, relative
from app.cli.remote.session import Remote, remote
from app.client import Pause
from app.client.system_things import KINDS


@click.group(cls=Group, invoke_without_command=True)
@remote()
@click.pass_context
def workers(context: click.Context, remote: Remote) -> None:
    """List the workers that live, with what each serves and runs; drain one, let it go on."""
    if context.invoked_subcommand is None:
        _list_workers(remote)


@workers.command()
@click.argument("worker")
@remote()
def drain(remote: Remote, worker: str) -> None:
    """Have a WORKER, named by its id, take no more work; it goes on with what runs."""
    remote.client.workers.drain(worker)
    remote.output.done({"id": worker, "drained": True}, f"drained {worker}")


@workers.command()
@click.argument("worker")
@remote()
def resume(remote: Remote, worker: str) -> None:
    """Have a drained WORKER take work again."""
    remote.client.workers.resume(worker)
    remote.output.done({"id": worker, "drained": False}, f"resumed {worker}")


def _list_workers(remote: Remote) -> None:
    found = remote.client.workers.list()
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    if not found:
        note("No worker lives; jobs wait. Start one: oneoff worker")
        return
    columns = (
        "ID",
        "POOL",
        "QUEUES",
        "BUSY",
        "CONSUMING",
        "DRAINED",
        "HEARTBEAT",
        "STARTED",
        "VERSION",
    )
    rows = (
        (
            *(one.id, one.pool, one.queues, f"{one.slots_used}/{one.slots}", one.consuming),
            one.drained,
            *(relative(one.heartbeat_at), relative(one.started_at), one.version),
        )
        for one in found
    )
    remote.output.table(columns, rows)


@click.group(cls=Group)
def system() -> None:
    """Look at a running server as a whole, and change its values of the run time."""


@system.command()
@remote()
def status(remote: Remote) -> None:
    """Show the figures of the system."""
    found = remote.client.system.status()
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    slots = f"{found.active_workers} of {found.total_workers} at work"
    remote.output.pairs(
        {
            "jobs": f"{found.total_jobs:,}",
            "scheduled": f"{found.total_scheduled:,}",
            "running": f"{found.currently_running:,}",
            "paused": _pause(Pause.read(found.pause)) if found.pause else "",
            "waiting for a slot": f"{found.queue_depth:,}",
            "run slots": slots if found.is_running else "none; no worker lives",
            "completed today": f"{found.completed_today:,}",
            "failed in 24 hours": f"{found.failed_recent:,}",
            "executions": f"{found.total_executions:,}",
            "mean duration": duration(round(found.avg_duration_ms)),
        }
    )


def _pause(pause: Pause) -> str:
    if not pause.paused:
        return ""
    end = f" until {exact(pause.until)}" if pause.until else ""
    return f"since {exact(pause.paused_at)}{end}" + (f": {pause.reason}" if pause.reason else "")


@system.group(invoke_without_command=True)
@remote()
@click.pass_context
def config(context: click.Context, remote: Remote) -> None:
    """Show what can be changed at run time; ``config set`` changes it."""
    if context.invoked_subcommand is not None:
        return
    found = remote.client.system.config()
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    rows = ((one.key, one.value, one.locked, relative(one.updated_at)) for one in found)
    remote.output.table(("KEY", "VALUE", "FIXED AT START", "CHANGED"), rows)


@config.command(name="set")
@click.argument("key")
@click.argument("value")
@remote()
def set_config(remote: Remote, key: str, value: str) -> None:
    """Set KEY to VALUE; it holds from now on, without a restart.

    A value that is no JSON is taken as a text.
    """
    text = inputs.json_value(value)
    remote.client.system.set_config(key, text)
    remote.output.done({"key": key, "value": text}, f"{key} is {text} from now on")


@click.command(cls=Command)
@click.argument("words", nargs=-1, required=True)
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    multiple=True,
    help="Only these kinds. Repeatable.",
)
@click.option("--limit", type=click.IntRange(1, 50), default=8, show_default=True)
@remote()
def search(remote: Remote, words: tuple[str, ...], kinds: tuple[str, ...], limit: int) -> None:
    """Find jobs, executions, chains, errors and people by WORDS; the best of each kind first.

    '#412' finds executions by number, 'nightly #412' those of a job. --limit is for each kind.
    """
    found = remote.client.system.search(" ".join(words), kind=kinds, limit=limit)
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    if not found:
        note("Nothing is called so.")
        return
    rows = ((one.id, one.kind, one.title, one.subtitle or "", one.status or "") for one in found)
    remote.output.table(("ID", "KIND", "NAME", "WHERE", "STATUS"), rows)
