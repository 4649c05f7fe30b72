"""The commands of the audit log."""

import importlib
import sys
from collections.abc import Callable
from typing import Any

import click

from app.cli.commands import Group
from app.cli.options import with_settings
from app.cli.remote.lists import list_options, show_list, window
from app.cli.remote.session import Remote, fail, remote
from app.client import AuditEntry
from app.domain.clock import to_wire

_FILTERS = (
    click.option("--actor", metavar="NAME", help="Such as user:alice, key:deploy, cli."),
    click.option("--action", metavar="TEXT", help="Such as jobs.update_job, or its beginning."),
    click.option("--kind", "target_kind", metavar="KIND", help="Of the object, such as job."),
    click.option("--target", "target_id", metavar="ID", help="All that happened to it."),
    click.option("--result", type=click.Choice(["done", "denied", "failed"])),
    click.option("--address", metavar="ADDRESS", help="Where it came from."),
    click.option("--from", "date_from", metavar="TIME", help="At this moment or later."),
    click.option("--to", "date_to", metavar="TIME", help="At this moment or earlier."),
    click.option("--search", metavar="TEXT", help="In actor, action, target and detail."),
)


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group(cls=Group)
def audit() -> None:
    """Read the audit log of a running server, or prove on the database that it is whole."""


@audit.command(name="list")
@_filters
@list_options
@remote()
def list_audit_log(remote: Remote, **given: Any) -> None:
    """List who did what, the newest first."""
    columns = ("AT", "ACTOR", "ACTION", "RESULT", "TARGET", "FROM")
    show_list(remote, remote.client.audit.list, window(given), (columns, _row, "Nothing there."))


def _row(one: AuditEntry) -> tuple[Any, ...]:
    target = " ".join(filter(None, (one.target_kind, one.target_name or one.target_id)))
    return (to_wire(one.at), one.actor, one.action, one.result, target, one.address)


@audit.command()
@_filters
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl")
@remote()
def export(remote: Remote, form: str, **given: Any) -> None:
    """Print all rows that the options describe, the oldest first."""
    for piece in remote.client.audit.export(form, **given):
        sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


@audit.command()
@click.option("--head", metavar="HASH", help="A head that was written down earlier.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_settings
def verify(settings: Any, head: str | None, *, as_json: bool) -> None:
    """Walk the chain of hashes, on the database itself. Exit code 1 if it is broken.

    Write down the head that it prints, away from this machine: with --head the next walk also
    proves that nobody has made the chain anew.
    """
    checking = importlib.import_module("app.cli.audit_check")  # the database is heavy
    failure = checking.check(settings, head, as_json=as_json)
    if failure:
        fail(failure)
