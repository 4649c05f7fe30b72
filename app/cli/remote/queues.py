"""The commands of run queues: what waits in them, their limits and pauses, work for them."""

from typing import Any

import click

from app.cli.commands import Command, Group
from app.cli.remote import inputs, targets
from app.cli.remote.output import duration, note
from app.cli.remote.session import Remote, remote
from app.client import Queue
from app.domain import spans

_reason = click.option("--reason", metavar="TEXT", help="Shown to whoever asks.")


@click.group(cls=Group)
def queues() -> None:
    """Look after run queues: how full they are, pauses, limits, rates."""


@queues.command(name="list")
@remote()
def list_queues(remote: Remote) -> None:
    """List run queues."""
    found = remote.client.queues.list()
    if remote.output.as_json:
        remote.output.json({"data": [one.wire for one in found]})
        return
    columns = ("NAME", "WAITING", "OLDEST", "HELD", "RUNNING", "SLOTS", "LIMIT", "RATE", "STATE")
    remote.output.table(columns, map(_row, found))
    if not any(one.slots for one in found):
        note("No worker serves any of them; jobs wait. Start one: oneoff worker")
        note("Or have a drained one take work again: oneoff workers resume ID")


def _row(one: Queue) -> tuple[Any, ...]:
    oldest = None if one.oldest_seconds is None else round(one.oldest_seconds * 1000)
    state = "paused" if one.paused else "open"
    return (
        *(one.name, one.depth, duration(oldest), one.held, one.running, one.slots),
        *(one.limit, one.rate, f"{state}: {one.paused_reason}" if one.paused_reason else state),
    )


@queues.command()
@click.argument("queue")
@_reason
@remote()
def pause(remote: Remote, queue: str, reason: str | None) -> None:
    """Pause a QUEUE: nothing of it begins but manual starts, until it is resumed."""
    paused = remote.client.queues.pause(queue, reason)
    remote.output.done(paused.wire, f"paused {paused.name}; {paused.depth} wait in it")


@queues.command()
@click.argument("queue")
@remote()
def resume(remote: Remote, queue: str) -> None:
    """Let a paused QUEUE go on."""
    resumed = remote.client.queues.resume(queue)
    remote.output.done(resumed.wire, f"resumed {resumed.name}")


@queues.command(name="set")
@click.argument("queue")
@click.option("--limit", type=inputs.WholeOrNone(), help="Executions that run at a time.")
@click.option("--rate", metavar="N/PERIOD|none", help="Executions that begin, such as 10/1m.")
@remote()
def set_queue(remote: Remote, queue: str, limit: str | int | None, rate: str | None) -> None:
    """Set the limit and the rate of a QUEUE, over all workers; none takes one away."""
    wished = {"limit": limit, "rate": rate}
    fields = {n: None if v == "none" else v for n, v in wished.items() if v is not None}
    if not fields:
        raise click.UsageError("say what to change: --limit or --rate")
    changed = remote.client.queues.update(queue, **fields)  # type: ignore[arg-type]
    limits = f"limit {changed.limit or 'none'}, rate {changed.rate or 'none'}"
    remote.output.done(changed.wire, f"changed {changed.name}: {limits}")


class _Span(click.ParamType[int]):
    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return spans.seconds(str(value))
        except ValueError as error:
            self.fail(f"{str(value)[:100]!r} {error}.", param, ctx)


@click.command(cls=Command)
@click.option("--payload", required=True, metavar="JSON|@FILE|-", help="What to do, as an object.")
@click.option("--type", "kind", metavar="TYPE", help="Type of job; default: the payload's, claude.")
@click.option("--queue", metavar="NAME", help="Default: default.")
@click.option("--priority", type=int, help="Any number; counts as 1 to 10, 10 goes first.")
@click.option("--delay", type=_Span(), help="Such as 30s, 5m or 1h30m.")
@click.option("--max-attempts", type=int, help="With the first.  [5]")
@click.option("--name", metavar="TEXT")
@click.option("--project", metavar="NAME|ID")
@remote()
def enqueue(
    remote: Remote, payload: str, kind: str | None, project: str | None, **given: Any
) -> None:
    """Put work into a queue: a job that runs once. Prints the job's id."""
    work = inputs.json_object(payload, "--payload") | ({"type": kind} if kind else {})
    fields = {name: value for name, value in given.items() if value is not None}
    if project:
        fields["project_id"] = targets.project_id(remote.client, project)
    made = remote.client.queues.enqueue(work, **fields)
    remote.output.done(made.wire, made.id)
