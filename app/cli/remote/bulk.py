"""Making many jobs from a file."""

import sys
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress

from app.cli.commands import Command
from app.cli.options import REFUSED
from app.cli.remote import inputs
from app.cli.remote.bulk_file import FileError, Item, items
from app.cli.remote.output import clean, note
from app.cli.remote.session import Remote, fault_line, remote
from app.client import BulkResult, Refused

#: Jobs sent in one request: few enough that the bar moves and a lost answer costs little.
_CHUNK = 500


@click.command(cls=Command)
@click.argument("file", metavar="FILE")
@remote()
def bulk(remote: Remote, file: str) -> None:
    """Make all jobs of FILE: a JSON array, or one JSON object a line; - is standard input.

    Each job is made or refused by itself. Exit code 1 if any was refused.
    """
    jobs = _read(file)
    results: list[dict[str, Any]] = []
    try:
        for item, result in _made(remote, jobs):
            results.append({**result.wire, "index": len(results), "line": item.line})
            if result.data is None:
                note(f"{file}, line {item.line}: {_fault(result)}")
    finally:
        failed = sum("error" in result for result in results)
        created = len(results) - failed
        if remote.output.as_json:
            remote.output.json({"data": results, "created": created, "failed": failed})
        else:
            rest = len(jobs) - len(results)
            unsent = f", {rest:,} not answered for" if rest else ""
            click.echo(f"created {created:,}, refused {failed:,}{unsent}")
    if failed:
        sys.exit(REFUSED)


def _read(path: str) -> list[Item]:
    text = inputs.file_text(path, "FILE")
    try:
        found = items(text)
    except FileError as error:
        raise click.BadParameter(f"{path}, {error}", param_hint="FILE") from None
    if not found:
        raise click.BadParameter(f"{path} holds no jobs.", param_hint="FILE")
    return found


def _made(remote: Remote, jobs: Sequence[Item]) -> Iterator[tuple[Item, BulkResult]]:
    """Send the jobs, and yield what became of each; a bar shows how far it is on a terminal."""
    console = Console(stderr=True, no_color=remote.output.no_color or None)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("making jobs", total=len(jobs))
        for start in range(0, len(jobs), _CHUNK):
            chunk = jobs[start : start + _CHUNK]
            answer = remote.client.jobs.create_many([item.job for item in chunk])
            yield from zip(chunk, answer.data, strict=True)
            bar.advance(task, len(chunk))


def _fault(result: BulkResult) -> str:
    error = Refused(result.status, result.error or {"error": "refused"})
    return "; ".join(fault_line(one) for one in error.faults) or clean(error.message)
