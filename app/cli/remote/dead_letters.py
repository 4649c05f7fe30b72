"""The commands of dead letters."""

import sys
from collections.abc import Callable
from typing import Any

import click

from app.cli.commands import Group
from app.cli.options import REFUSED
from app.cli.remote import targets
from app.cli.remote.lists import list_options, show_list, window
from app.cli.remote.output import note, relative
from app.cli.remote.session import Remote, remote
from app.client import Client, DeadLetterBatch, DeadLetterGroup, Execution

_NOTHING = "There are no such dead letters."
_FILTERS = (
    click.option("--job", metavar="NAME|ID"),
    click.option("--project", metavar="NAME|ID"),
    click.option("--tag", "tags", multiple=True, metavar="NAME|ID", help="Any of them."),
    click.option("--type", metavar="TYPE", help="shell, http, …"),
    click.option("--error-code", metavar="CODE", help="Such as EXIT_CODE."),
    click.option("--fingerprint", metavar="TEXT", help="From: oneoff dead-letters groups."),
    click.option("--from", "date_from", metavar="TIME", help="Ended at this moment or later."),
    click.option("--to", "date_to", metavar="TIME", help="Ended at this moment or earlier."),
)


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


def _query(client: Client, given: dict[str, Any]) -> dict[str, Any]:
    """Return what options say, with the ids of what they name."""
    query = window(given) if "everything" in given else given
    job, project = query.pop("job"), query.pop("project")
    query["job_id"] = targets.job_id(client, job) if job else None
    query["project_id"] = targets.project_id(client, project) if project else None
    query["tag_id"] = targets.tag_ids(client, query.pop("tags"))
    return query


@click.group(cls=Group, name="dead-letters")
def dead_letters() -> None:
    """Look at what has used all its retries, replay or discard it, on a running server."""


@dead_letters.command(name="list")
@_filters
@list_options
@remote()
def list_dead_letters(remote: Remote, **given: Any) -> None:
    """List dead letters, the newest first."""
    query = _query(remote.client, given)
    columns = ("ID", "JOB", "ENDED", "ATTEMPTS", "CODE", "ERROR")
    show_list(remote, remote.client.dead_letters.list, query, (columns, _row, _NOTHING))


def _row(one: Execution) -> tuple[Any, ...]:
    name, error = f"{one.job_name} #{one.number}", (one.error or "").split("\n")[0]
    return (one.id, name, relative(one.completed_at), one.attempt, one.error_code, error)


@dead_letters.command()
@_filters
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0), help="Leave out so many at the beginning.")
@remote()
def groups(remote: Remote, **given: Any) -> None:
    """List errors, the most frequent first: numbers, ids and quoted words make no difference."""
    query = _query(remote.client, given)
    columns = ("FINGERPRINT", "COUNT", "FIRST", "LAST", "JOB", "ERROR")
    show_list(remote, remote.client.dead_letters.groups, query, (columns, _group, _NOTHING))


def _group(one: DeadLetterGroup) -> tuple[Any, ...]:
    first, last = relative(one.first_at), relative(one.last_at)
    error = (one.error or one.error_code or "").split("\n")[0]
    return (one.fingerprint, one.count, first, last, one.job_name, error)


@dead_letters.command()
@click.option("--project", metavar="NAME|ID")
@remote()
def stats(remote: Remote, project: str | None) -> None:
    """Count dead letters, and executions that failed or ran out of time."""
    wanted = targets.project_id(remote.client, project) if project else None
    found = remote.client.dead_letters.stats(wanted)
    if remote.output.as_json:
        remote.output.json(found.wire)
        return
    named = {"dead letters": found.dead, "failed": found.failed, "timed out": found.timeout}
    remote.output.pairs(named)


def _act_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--all", "everything", is_flag=True, help="All of them, without a filter."),
        click.option("--dry-run", is_flag=True, help="Only say how many there are."),
        targets.yes_option,
        remote(),
    )
    for option in reversed((*_FILTERS, *options)):
        command = option(command)
    return command


@dead_letters.command()
@_act_options
def replay(remote: Remote, **given: Any) -> None:
    """Run again the dead letters that the options describe, the oldest first."""
    _act(remote, "Replay", remote.client.dead_letters.replay, given)


@dead_letters.command()
@_act_options
def discard(remote: Remote, **given: Any) -> None:
    """Take the dead letters that the options describe off the list."""
    _act(remote, "Discard", remote.client.dead_letters.discard, given)


def _act(
    remote: Remote, verb: str, act: Callable[..., DeadLetterBatch], given: dict[str, Any]
) -> None:
    yes, dry_run, everything = (given.pop(name) for name in ("yes", "dry_run", "everything"))
    if not any(given.values()) and not everything:
        raise click.UsageError("say which: a filter such as --job or --fingerprint, or --all.")
    query = _query(remote.client, given)
    found = act(dry_run=True, **query)
    if dry_run or not found.remaining:
        _say(remote, found, f"{found.remaining} dead letters")
        return
    targets.confirm(f"{verb} {found.remaining} dead letters?", yes=yes)
    done = _to_the_end(act, query)
    _say(remote, done, f"{verb.lower()}ed: {done.done}, left: {done.remaining}")
    for refusal in done.refusals:
        note(f"Error: {refusal['id']}: {refusal['error']}")
    if done.refused:
        sys.exit(REFUSED)


def _to_the_end(act: Callable[..., DeadLetterBatch], query: dict[str, Any]) -> DeadLetterBatch:
    """Act batch by batch, as long as that gets on."""
    total = 0
    while True:
        batch = act(**query)
        total += batch.done
        if not (batch.done and batch.remaining):
            wire = {**batch.wire, "done": total}
            wire.pop("executions", None)
            return DeadLetterBatch.read(wire)


def _say(remote: Remote, batch: DeadLetterBatch, text: str) -> None:
    remote.output.done(batch.wire, text)
