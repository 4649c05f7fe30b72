"""What jobs were before, and taking one back to that."""

from typing import Any

import click

from app.cli.commands import Command
from app.cli.remote import targets
from app.cli.remote.lists import show_list
from app.cli.remote.output import exact
from app.cli.remote.session import Remote, remote
from app.client import Revision


@click.command(cls=Command)
@click.argument("job")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@click.option("--offset", type=click.IntRange(0), help="Leave out so many at the beginning.")
@remote()
def revisions(remote: Remote, job: str, **window: Any) -> None:
    """List what the edits made of a JOB, the newest first."""
    wanted = targets.job_id(remote.client, job)
    columns = ("VERSION", "WHEN", "BY", "VIA", "CHANGED")
    nothing = "Nothing is known of earlier revisions."

    def ask(**query: Any) -> Any:
        return remote.client.jobs.revisions(wanted, **query)

    show_list(remote, ask, window, (columns, _row, nothing))


def _row(one: Revision) -> tuple[Any, ...]:
    changed = "" if one.changed is None else ", ".join(one.changed)
    return (one.version, exact(one.created_at), one.actor or "", one.via or "", changed)


@click.command(cls=Command)
@click.argument("job")
@click.argument("version", type=click.IntRange(1))
@remote("--server")
def restore(remote: Remote, job: str, version: int) -> None:
    """Make a JOB what it was at a VERSION; that is a new revision."""
    changed = remote.client.jobs.restore(targets.job_id(remote.client, job), version)
    sentence = f"restored {changed.id} to what it was at version {version}"
    remote.output.done(changed.wire, f"{sentence}: now at version {changed.version}")
