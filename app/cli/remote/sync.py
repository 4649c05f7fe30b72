"""Keeping jobs as a list of definitions at an address has them."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
import httpx

from app.cli.commands import Command
from app.cli.remote import inputs, targets
from app.cli.remote.output import clean, note
from app.cli.remote.session import Remote, remote
from app.client.synced import Synced

MOST_BYTES = 64 * 1024**2
_SECONDS = 30.0
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e]*")


@click.command(cls=Command)
@click.argument("url")
@click.option(
    "--header-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file with headers for the request, such as a token, one a line: Name: value",
)
@click.option("--source", metavar="TEXT", help="Name of the list.  [default: URL without query]")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option("--prune", is_flag=True, help="Delete jobs of this list that it no longer has.")
@targets.yes_option
@remote("--server")
def sync(remote: Remote, url: str, header_file: Path | None, **given: Any) -> None:
    """Make and change jobs to be as a list of definitions at URL.

    The list is JSON: definitions as the API takes them, each with an external_id, or an object
    that holds the list as "jobs". Jobs that are paused stay paused. All is done at once, or, if
    the list can't be read whole, nothing.
    """
    named = _named(url)
    definitions = _definitions(url, header_file)
    if given["prune"] and not given["dry_run"]:
        targets.confirm("Delete the jobs that the list no longer has?", yes=given["yes"])
    source = given["source"] or named
    done = remote.client.jobs.sync(
        definitions, source, prune=given["prune"], dry_run=given["dry_run"]
    )
    if remote.output.as_json:
        remote.output.json(done.wire)
    else:
        _show(done, dry_run=given["dry_run"])
    if done.refused:
        raise SystemExit(1)


def _named(url: str) -> str:
    """Return an address without what may be secret in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise click.BadParameter("is no address.", param_hint="URL") from None
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))[:500]


def _definitions(url: str, header_file: Path | None) -> list[Any]:
    text = _fetched(url, _headers(header_file) if header_file else {})
    value = inputs.parsed(text, "the list")
    if isinstance(value, dict):
        value = value.get("jobs")
    if not isinstance(value, list):
        raise click.ClickException("the list must be a JSON list of jobs, or hold one as jobs.")
    return value


def _headers(path: Path) -> dict[str, str]:
    lines = inputs.file_text(str(path), "--header-file").splitlines()
    given = [line for line in lines if line.strip()]
    if not all(_HEADER.fullmatch(line) for line in given):  # what is in the file may be secret
        message = "every line of the file must be 'Name: value', in ASCII."
        raise click.BadParameter(message, param_hint="--header-file")
    return inputs.headers(given)


def _fetched(url: str, headers: dict[str, str]) -> str:
    """Return what is at an address, whole. Raises ``ClickException`` with the reason."""
    try:
        with httpx.stream("GET", url, headers=headers, timeout=_SECONDS) as answer:
            if answer.status_code != httpx.codes.OK:
                raise click.ClickException(f"{_named(url)} answers {answer.status_code}.")
            body = bytearray()
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > MOST_BYTES:
                    raise click.ClickException("the list is larger than 64 MiB.")
        return body.decode()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error).rstrip(".") or type(error).__name__
        raise click.ClickException(f"{_named(url)} can't be read: {reason}.") from None
    except UnicodeDecodeError:
        raise click.ClickException("the list is not UTF-8.") from None


def _show(done: Synced, *, dry_run: bool) -> None:
    for item in done.items:
        if item.outcome != "unchanged":
            why = clean(item.error or ", ".join(item.fields))
            click.echo(f"{item.outcome:<10} {clean(item.external_id or item.name or '?')}  {why}")
    would = "would be " if dry_run else ""
    note(
        f"{would}created {done.created}, updated {done.updated}, unchanged {done.unchanged}, "
        f"deleted {done.deleted}, refused {done.refused}"
    )
