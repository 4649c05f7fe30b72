"""Doing the same to all that options describe, with a dry run before and a bar meanwhile."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from app.cli.commands import Command
from app.cli.options import REFUSED
from app.cli.remote import inputs, targets
from app.cli.remote.many import execution_filters, job_filters
from app.cli.remote.output import clean, note
from app.cli.remote.session import Remote, remote
from app.client import BulkStep, BulkTrial

_JOB_ACTS = ("run", "pause", "resume", "enable", "disable", "edit", "cancel", "delete")
_EXECUTION_ACTS = ("cancel", "replay")
_SHARED = (
    click.option("--all", "everything", is_flag=True, help="All of them, without a filter."),
    click.option("--dry-run", is_flag=True, help="Only say how many there are, and who can't."),
    click.option("--force", is_flag=True, help="cancel: kill what runs instead of asking it."),
    targets.yes_option,
)
_EDITS = (
    click.option("--reason", metavar="TEXT", help="pause: shown beside the jobs."),
    click.option("--until", type=inputs.Moment(), metavar="TIME|+SPAN", help="pause: until then."),
    click.option("--set-priority", "priority", type=click.IntRange(1, 10), help="edit"),
    click.option("--move-to", "move_to", metavar="NAME|ID", help="edit: to this project."),
    click.option("--add-tag", "add_tags", multiple=True, metavar="NAME|ID", help="edit"),
    click.option("--remove-tag", "remove_tags", multiple=True, metavar="NAME|ID", help="edit"),
)


def _with(
    options: Sequence[Callable[..., Any]],
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give


@click.command(cls=Command, name="act")
@click.argument("act", type=click.Choice(_JOB_ACTS))
@job_filters.options
@_with((*_EDITS, *_SHARED))
@remote()
def act_on_jobs(remote: Remote, act: str, **given: Any) -> None:
    """Do the same to all jobs that the options describe: a dry run first, then some at a time.

    Jobs made after the dry run are left alone. Exit code 1 if any was refused.
    """
    chosen = {name: given.pop(name) for name in job_filters.NAMES}
    _check_chosen(chosen, given)
    filters = job_filters.query(remote.client, chosen)
    path, wish = _job_wish(remote, act, given)
    _act(remote, (remote.client.jobs, path, filters, wish), f"{act} {{:,}} jobs", given)


@click.command(cls=Command, name="act")
@click.argument("act", type=click.Choice(_EXECUTION_ACTS))
@execution_filters.options
@_with(_SHARED)
@remote()
def act_on_executions(remote: Remote, act: str, **given: Any) -> None:
    """Do the same to all executions that the options describe: a dry run first.

    What is made after the dry run is left alone. Exit code 1 if any was refused.
    """
    chosen = {name: given.pop(name) for name in execution_filters.NAMES}
    _check_chosen(chosen, given)
    filters = execution_filters.query(remote.client, chosen)
    wish = {"force": True} if given["force"] else {}
    _act(remote, (remote.client.executions, act, filters, wish), f"{act} {{:,}} executions", given)


def _check_chosen(chosen: dict[str, Any], given: dict[str, Any]) -> None:
    is_narrow = {**chosen, "waiting": None}
    if all(value in (None, ()) for value in is_narrow.values()) and not given["everything"]:
        raise click.UsageError("say which: a filter such as --status or --tag, or --all.")


def _job_wish(remote: Remote, act: str, given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the address of an act, and what is said of it besides the filter."""
    if act in {"enable", "disable"}:
        return "edit", {"enabled": act == "enable"}
    wish: dict[str, Any] = {}
    if act == "pause":
        wish = {"reason": given["reason"], "until": given["until"]}
    elif act == "cancel" and given["force"]:
        wish = {"force": True}
    elif act == "edit":
        wish = {
            "priority": given["priority"],
            "project_id": given["move_to"] and targets.project_id(remote.client, given["move_to"]),
            "add_tag_ids": targets.tag_ids(remote.client, given["add_tags"]) or None,
            "remove_tag_ids": targets.tag_ids(remote.client, given["remove_tags"]) or None,
        }
    return act, {name: value for name, value in wish.items() if value is not None}


def _act(
    remote: Remote,
    what: tuple[Any, str, dict[str, Any], dict[str, Any]],
    text: str,
    given: dict[str, Any],
) -> None:
    things, act, filters, wish = what
    trial: BulkTrial = things.try_all(act, filters, **wish)
    question = text.format(trial.matched).capitalize()
    _tell(remote, trial, question, is_dry=given["dry_run"])
    if given["dry_run"] or not trial.matched:
        return
    targets.confirm(f"{question}?", yes=given["yes"])
    steps = things.do_all(act, filters, created_before=trial.created_before, **wish)
    count = Counter[str]()
    for step in _with_bar(remote, steps, trial.matched):
        count.update(done=step.done, refused=step.refused, skipped=step.skipped)
        for one in step.results:
            if one["result"] == "refused":
                note(f"{clean(one['name'])} ({one['id']}): {clean(one['error'])}")
    sentence = ", ".join(f"{word} {count[word]:,}" for word in ("done", "refused", "skipped"))
    remote.output.done(dict(count), sentence)
    if count["refused"]:
        sys.exit(REFUSED)


def _tell(remote: Remote, trial: BulkTrial, question: str, *, is_dry: bool) -> None:
    if is_dry and remote.output.as_json:
        remote.output.json(trial.wire)
        return
    if is_dry or not trial.matched:
        click.echo(question if trial.matched else "There are none.")
    for one in trial.refusals[:10]:
        note(f"can't: {clean(one['name'])} ({one['id']}): {clean(one['error'])}")
    if trial.refused > 10:
        note(f"can't: {trial.refused - 10} more of the first {trial.checked}")


def _with_bar(remote: Remote, steps: Iterator[BulkStep], total: int) -> Iterator[BulkStep]:
    """Yield the steps; a bar shows how far it is on a terminal. Ctrl-C ends it between two."""
    console = Console(stderr=True, no_color=remote.output.no_color or None)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("going on", total=total)
        for step in steps:
            yield step
            bar.advance(task, len(step.results))
