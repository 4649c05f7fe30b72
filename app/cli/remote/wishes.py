"""From options to the job that a person means."""

import shlex
from collections.abc import Callable
from typing import Any, Final

import click

from app.cli.remote import inputs, targets, timing
from app.client import Client

ON_LOST: Final = ("fail", "retry")
MISFIRE: Final = ("skip", "latest", "all")
NOTIFY_ON: Final = ("always", "failure", "success")
OVERLAP: Final = ("skip", "queue", "allow", "cancel_running")
_LIMIT = inputs.WholeOrNone()

_WHAT = (
    click.option("--script", metavar="TEXT", help="shell: the text of the script."),
    click.option(
        "--script-file",
        metavar="FILE",
        help=("shell: a file with the script, read here and now; - is standard input."),
    ),
    click.option(
        "--arg",
        "args",
        multiple=True,
        metavar="TEXT",
        help=("shell: an argument for the script. Repeatable."),
    ),
    click.option("--url", metavar="URL", help="http: the address to call."),
    click.option("--method", metavar="METHOD", help="http: GET, POST, …  [default: GET]"),
    click.option(
        "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help=("http. Repeatable.")
    ),
    click.option("--body", metavar="TEXT|@FILE|-", help="http: what to send."),
    click.option("--image", metavar="NAME", help="docker: the image to run."),
    click.option("--command", metavar="WORDS", help="docker: what to run in it."),
    click.option(
        "--env",
        multiple=True,
        metavar="NAME=VALUE",
        help=("shell, docker: a variable. Repeatable."),
    ),
    click.option("--workdir", metavar="FOLDER", help="shell, docker: where it starts."),
    click.option(
        "--config",
        metavar="@FILE|-|JSON",
        help=("The config as JSON; the options above are written over it."),
    ),
)
_HOW = (
    click.option(
        "--at",
        type=inputs.Moment(),
        metavar="now|TIME|+SPAN",
        help=(
            "When: now, a moment such as 2030-01-31T09:30:00Z, or a span from now such as +1h30m."
        ),
    ),
    click.option("--cron", metavar="EXPRESSION", help="Recurring, such as '0 9 * * MON-FRI'."),
    click.option("--every", type=inputs.Seconds(), metavar="SPAN", help="Recurring at a rate."),
    click.option(
        "--after",
        type=inputs.Seconds(),
        metavar="SPAN",
        help="Recurring, so long after the end of the last execution.",
    ),
    click.option(
        "--schedule", metavar="@FILE|-|JSON", help="The whole schedule as JSON; null: run once."
    ),
    click.option(
        "--misfire", type=click.Choice(MISFIRE), help="What makes up for moments it missed."
    ),
    click.option("--priority", type=int, metavar="1-10", help="10 goes first."),
    click.option("--project", metavar="NAME|ID", help="The project that owns it."),
    click.option("--tag", "tags", multiple=True, metavar="NAME|ID", help="A label. Repeatable."),
    click.option("--queue", metavar="NAME", help="The run queue."),
    click.option(
        "--timeout",
        type=_LIMIT,
        metavar="SECONDS|none",
        help=("An attempt is ended after this time."),
    ),
    click.option("--on-lost", type=click.Choice(ON_LOST), help="If its worker dies."),
    click.option(
        "--overlap", type=click.Choice(OVERLAP), help=("If it comes due while it is in progress.")
    ),
    click.option(
        "--retry",
        metavar="NUMBER|PRESET|JSON|@FILE|none",
        help="Try again so often when it fails, or as a policy says.",
    ),
    click.option(
        "--concurrency-key", metavar="TEXT", help="Those alike share a limit: {{project_id}}."
    ),
    click.option("--concurrency-limit", type=int, help="How many of a key run at a time.  [1]"),
    click.option(
        "--notify",
        "notify_emails",
        metavar="ADDRESSES|none",
        help="Who is written to, comma-separated.",
    ),
    click.option("--notify-on", type=click.Choice(NOTIFY_ON), help="Of which ends.  [failure]"),
    click.option("--timezone", metavar="ZONE", help="IANA name, such as Asia/Tokyo."),
    click.option("--description", metavar="TEXT"),
    click.option("--external-id", metavar="TEXT", help="Your own id for it; unique."),
    click.option(
        "--keep-last", type=_LIMIT, metavar="NUMBER|none", help=("Keep only so many executions.")
    ),
    click.option(
        "--retention-days", type=_LIMIT, metavar="NUMBER|none", help=("Keep executions so long.")
    ),
)
#: Names of options whose values go on the wire as they are.
_PLAIN = (
    *("name", "priority", "queue", "on_lost", "overlap"),
    *("concurrency_key", "concurrency_limit"),
    *("timezone", "misfire", "description", "external_id", "keep_last", "retention_days"),
    *("enabled", "auto_start", "notify_emails", "notify_on"),
)
#: What each option says about the type of the job.
_KINDS = {
    **dict.fromkeys(("script", "script_file", "args"), "shell"),
    **dict.fromkeys(("url", "method", "headers", "body"), "http"),
    **dict.fromkeys(("image", "command"), "docker"),
}
SAY_WHAT = "say what to run: --script, --script-file, --url, --image, or --type with --config."
#: Names of the options that make a config.
_CONFIG = (*_KINDS, "env", "workdir", "config")


def job_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that describe a job."""
    for option in reversed((*_WHAT, *_HOW)):
        command = option(command)
    return command


def what_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say what a job does."""
    for option in reversed(_WHAT):
        command = option(command)
    return command


def fields(client: Client, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the options say of a job, but for its config."""
    found = {name: given[name] for name in _PLAIN if given.get(name) is not None}
    if given["at"] is not None:
        found["scheduled_at"] = given["at"]
    if (schedule := timing.schedule(given)) is not timing.NOT_GIVEN:
        found["schedule"] = schedule
    if given["timeout"] is not None:
        found["timeout_seconds"] = given["timeout"]
    if given["project"] is not None:
        found["project_id"] = targets.project_id(client, given["project"])
    if given["tags"]:
        found["tag_ids"] = targets.tag_ids(client, given["tags"])
    if given["retry"] is not None:
        found["retry"] = inputs.retry(given["retry"])
    return {name: None if value == "none" else value for name, value in found.items()}


def kind(given: dict[str, Any], known: str | None = None) -> str | None:
    """Return the type of job that the options are for; ``known`` is what it is already."""
    meant = {_KINDS[name]: name for name in _KINDS if given.get(name)}
    if len(meant) > 1:
        options = " and ".join(_option(name) for name in meant.values())
        raise click.UsageError(f"{options} belong to different types of jobs.")
    for implied, name in meant.items():
        if known not in {None, implied}:
            raise click.UsageError(f"{_option(name)} is for {implied} jobs; this is {known}.")
        return implied
    return known


def speaks_of_config(given: dict[str, Any]) -> bool:
    """Return whether an option says something of the config."""
    return any(given[name] not in (None, ()) for name in _CONFIG)


def config(given: dict[str, Any]) -> dict[str, Any]:
    """Return what the options say of a config."""
    made = inputs.json_object(given["config"], "--config") if given["config"] else {}
    if given["script"] is not None and given["script_file"] is not None:
        raise click.UsageError("--script and --script-file say the same; give one of them.")
    if given["script_file"] is not None:
        made["script"] = inputs.file_text(given["script_file"], "--script-file")
    made |= {
        name: given[name]
        for name in ("script", "url", "method", "image", "workdir")
        if given[name] is not None
    }
    if given["args"]:
        made["args"] = [*given["args"]]
    if given["command"] is not None:
        made["command"] = _words(given["command"])
    if given["body"] is not None:
        made["body"] = inputs.text_of(given["body"], "--body")
    return made


def maps(given: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the parts of a config that options add to, entry by entry."""
    found = {
        "env": inputs.pairs(given["env"], "--env"),
        "headers": inputs.headers(given["headers"]),
    }
    return {name: entries for name, entries in found.items() if entries}


def over(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return a config with what the options say written over it."""
    made = base | config(given)
    for name, entries in maps(given).items():
        made[name] = {**(made.get(name) or {}), **entries}
    return made


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--command") from None


def _option(name: str) -> str:
    return {"args": "--arg", "headers": "--header"}.get(name, f"--{name.replace('_', '-')}")
