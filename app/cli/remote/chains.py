"""The commands of chains and their runs."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from app.cli.commands import Group
from app.cli.options import INTERRUPTED, REFUSED
from app.cli.remote import inputs, lists, targets, timing
from app.cli.remote.output import clean, duration, exact, note, relative
from app.cli.remote.runs import Seconds
from app.cli.remote.session import Remote, remote
from app.client import Chain, ChainRun
from app.domain.chains import RUN_IF

_description = click.option("--description", metavar="TEXT")
_priority = click.option(
    "--priority", type=inputs.WholeOrNone(), help="1 to 10, in place of its jobs'; or none."
)
_queue = click.option(
    "--queue", metavar="NAME", help="In place of its jobs'; an empty text takes it away."
)
_cron = click.option(
    "--cron", metavar="EXPRESSION", help="Start it by itself, such as '0 3 * * *'; or none."
)
_zone = click.option("--tz", metavar="ZONE", help="The time zone of --cron; else UTC.")
_links = click.option(
    "--job",
    "links",
    multiple=True,
    metavar="JOB[:go-on][:failure|:always]",
    help="A link: the id or name of a job. With :go-on its failure does not stop the chain, with "
    ":failure it runs after one, with :always in any case. Repeatable, in order.",
)
_wait = click.option(
    "--wait",
    type=Seconds(),
    is_flag=False,
    flag_value="unlimited",
    metavar="[SECONDS]",
    help="Wait for its end.",
)


@click.group(cls=Group)
def chains() -> None:
    """Run jobs one after the other. A chain is named by its id or its name."""


@chains.command(name="list")
@click.option("--project", metavar="NAME|ID", help="Of this project.")
@lists.list_options
@remote()
def list_chains(remote: Remote, project: str | None, **given: Any) -> None:
    """List chains."""
    query = lists.window(given)
    if project is not None:
        query["project_id"] = targets.project_id(remote.client, project)
    nothing = "There are no chains. Make one: oneoff chains create NAME --job JOB --job JOB"
    look = (("ID", "NAME", "LINKS", "JOBS", "CHANGED"), _row, nothing)
    lists.show_list(remote, remote.client.chains.list, query, look)


def _row(chain: Chain) -> Sequence[Any]:
    jobs = " → ".join(link.job_name or link.job_id for link in chain.links)
    return (chain.id, chain.name, len(chain.links), jobs, relative(chain.updated_at))


@chains.command(name="create")
@click.argument("name")
@_links
@click.option("--project", metavar="NAME|ID", help="Its owner.  [default: default]")
@_description
@_priority
@_queue
@_cron
@_zone
@remote()
def create_chain(remote: Remote, name: str, **given: Any) -> None:
    """Make a chain called NAME. Prints its id."""
    made = remote.client.chains.create(name, **_fields(remote, given))
    if remote.output.as_json:
        remote.output.json(made.wire)
    else:
        click.echo(made.id)


@chains.command(name="show")
@click.argument("chain")
@remote()
def show_chain(remote: Remote, chain: str) -> None:
    """Show a CHAIN and its links."""
    found = remote.client.chains.get(targets.chain_id(remote.client, chain))
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    plain = ("id", "name", "description", "project_id", "priority", "queue")
    values: dict[str, Any] = {name: getattr(found, name) for name in plain}
    values |= {
        "schedule": timing.sentence(found.schedule) if found.schedule else "",
        "enabled": found.enabled,
        "next due": exact(found.next_due_at),
    }
    values |= {"created": exact(found.created_at), "changed": exact(found.updated_at)}
    remote.output.pairs(values)
    rows = (
        (x.sequence_order, x.job_name, x.job_id, x.run_if, x.stop_on_failure) for x in found.links
    )
    remote.output.table(("LINK", "JOB", "JOB ID", "RUN IF", "STOPS ON FAILURE"), rows)


@chains.command(name="edit")
@click.argument("chain")
@click.option("--name")
@_links
@click.option("--project", metavar="NAME|ID", help="Its owner.")
@_description
@_priority
@_queue
@_cron
@_zone
@click.option("--enable/--disable", "enabled", default=None, help="Whether its schedule works.")
@remote()
def edit_chain(remote: Remote, chain: str, **given: Any) -> None:
    """Change a CHAIN. What is not given stays; --job replaces all its links."""
    changes = _fields(remote, given)
    if not changes:
        raise click.UsageError("say what to change; see --help")
    wanted = targets.chain_id(remote.client, chain)
    changed = remote.client.chains.update(wanted, **changes)
    remote.output.done(changed.wire, f"changed {changed.id}")


@chains.command(name="delete")
@click.argument("chain")
@targets.yes_option
@remote()
def delete_chain(remote: Remote, chain: str, *, yes: bool) -> None:
    """Delete a CHAIN with its runs; its jobs stay, and what they did."""
    wanted = targets.chain_id(remote.client, chain)
    targets.confirm(f"Delete chain {chain} and the history of its runs?", yes=yes)
    targets.each(remote, [wanted], remote.client.chains.delete, "deleted")


def _fields(remote: Remote, given: dict[str, Any]) -> Any:
    links, project = given.pop("links"), given.pop("project", None)
    cron, zone = given.pop("cron"), given.pop("tz")
    fields = {name: value for name, value in given.items() if value is not None}
    if cron is not None:
        fields["schedule"] = None if cron == "none" else _schedule(cron, zone)
    fields |= {name: None for name in ("priority", "queue") if fields.get(name) in {"", "none"}}
    if project is not None:
        fields["project_id"] = targets.project_id(remote.client, project)
    if links:
        fields["links"] = [_link(remote, word) for word in links]
    return fields


def _schedule(cron: str, zone: str | None) -> dict[str, Any]:
    return {"type": "cron", "expression": cron} | ({"timezone": zone} if zone else {})


def _link(remote: Remote, word: str) -> dict[str, Any]:
    """Return the link that ``JOB:go-on:always`` stands for; names may hold colons themselves."""
    link: dict[str, Any] = {}
    job = word
    while True:
        rest, _, last = job.rpartition(":")
        if last == "go-on" and rest:
            link["stop_on_failure"] = False
        elif last in RUN_IF and rest:
            link["run_if"] = last
        else:
            return {"job_id": targets.job_id(remote.client, job)} | link
        job = rest


@chains.command(name="run")
@click.argument("chain")
@_wait
@remote()
def run_chain(remote: Remote, chain: str, wait: float | None) -> None:
    """Run a CHAIN now. Prints the id of the run.

    With --wait the exit code is 0 if it completed, 130 if it was cancelled, else 1.
    """
    started = remote.client.chains.execute(targets.chain_id(remote.client, chain))
    if wait is None and remote.output.as_json:
        remote.output.json(started.wire)
    elif wait is None:
        click.echo(started.chain_run_id)
    else:
        _attend(remote, started.chain_run_id, wait)


@chains.command(name="runs")
@click.argument("chain")
@lists.list_options
@remote()
def list_runs(remote: Remote, chain: str, **given: Any) -> None:
    """List the runs of a CHAIN, the newest first."""
    client, wanted = remote.client, targets.chain_id(remote.client, chain)
    columns = ("ID", "NUMBER", "STATUS", "LINK", "STARTED", "DURATION", "ERROR")
    look = (columns, _run_row, f"It never ran. Run it: oneoff chains run {wanted}")
    lists.show_list(remote, lambda **q: client.chains.runs(wanted, **q), lists.window(given), look)


def _run_row(run: ChainRun) -> Sequence[Any]:
    link = f"{min(run.current_index, run.total_links)}/{run.total_links}"
    started, took = relative(run.started_at), duration(run.duration_ms)
    return (run.id, run.number, run.status, link, started, took, run.error)


@chains.command(name="show-run")
@click.argument("run")
@remote()
def show_run(remote: Remote, run: str) -> None:
    """Show a RUN of a chain: what became of each link."""
    _show(remote, remote.client.chain_runs.get(targets.chain_run_id(run)))


@chains.command(name="cancel")
@click.argument("run")
@click.option("--force", is_flag=True, help="Kill its link at once instead of asking first.")
@remote()
def cancel_run(remote: Remote, run: str, *, force: bool) -> None:
    """Cancel a RUN of a chain: its link is ended, and no other begins."""
    found = remote.client.chain_runs.cancel(targets.chain_run_id(run), force=force)
    remote.output.done(found.wire, f"{found.id}: {found.status}")


@chains.command(name="resume")
@click.argument("run")
@click.option("--from", "first", type=click.IntRange(1), metavar="LINK", help="Its number, from 1.")
@_wait
@remote()
def resume_run(remote: Remote, run: str, first: int | None, wait: float | None) -> None:
    """Go on with a RUN of a chain that has ended, from the link that failed."""
    found = remote.client.chain_runs.resume(targets.chain_run_id(run), first)
    if wait is None:
        remote.output.done(found.wire, f"{found.id}: {found.status}")
    else:
        _attend(remote, found.id, wait)


def _attend(remote: Remote, run_id: str, seconds: float) -> None:
    """Stay with a run to its end; then leave with its exit code."""
    try:
        ended = remote.client.chain_runs.wait(run_id, None if seconds == float("inf") else seconds)
    except KeyboardInterrupt:
        note(f"\nIt goes on. To end it: oneoff chains cancel {run_id}")
        raise
    _show(remote, ended)
    known = {"completed": 0, "cancelled": INTERRUPTED}
    sys.exit(known.get(ended.status, REFUSED))


def _show(remote: Remote, run: ChainRun) -> None:
    if remote.output.as_json:
        remote.output.json(run.wire)
        return
    values = {"id": run.id, "chain": run.chain_name, "number": run.number, "status": run.status}
    values |= {"origin": run.origin, "actor": run.actor, "error": run.error}
    values |= {"started": exact(run.started_at), "ended": exact(run.completed_at)}
    remote.output.pairs(values | {"duration": duration(run.duration_ms)})
    rows = (
        (
            link.index,
            link.job_name,
            link.status,
            len(link.executions),
            duration(link.duration_ms),
            clean(link.reason or ""),
        )
        for link in run.links
    )
    remote.output.table(("LINK", "JOB", "STATUS", "EXECUTIONS", "DURATION", "REASON"), rows)
