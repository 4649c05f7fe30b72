"""The options that narrow jobs: those of the list, and of what is done to all it would show."""

from collections.abc import Callable
from typing import Any

import click

from app.cli.remote import targets
from app.client import Client

STATUSES = ("scheduled", "running", "completed", "failed", "cancelled", "paused")
ORDERS = ("scheduled_at", "priority", "created_at", "name", "last_ended_at")
_RESULTS = ("completed", "failed", "cancelled")
_OPTIONS = (
    click.option("--status", multiple=True, type=click.Choice(STATUSES), help="Repeatable."),
    click.option("--type", multiple=True, metavar="TYPE", help="shell, http, … Repeatable."),
    click.option("--project", "projects", multiple=True, metavar="NAME|ID", help="Repeatable."),
    click.option("--search", metavar="TEXT", help="A part of the name, in any case."),
    click.option(
        "--tag", "tags", multiple=True, metavar="NAME|ID", help="Any of them. Repeatable."
    ),
    click.option(
        "--result", multiple=True, type=click.Choice(_RESULTS), help="How they ended last."
    ),
    click.option("--queue", multiple=True, metavar="NAME", help="Repeatable."),
    click.option("--enabled/--disabled", default=None),
    click.option("--resting", is_flag=True, default=None, help="Only what is paused or off."),
    click.option("--owner", "created_by", metavar="me|user:NAME", help="Only those of this owner."),
    click.option("--from", "time_from", metavar="TIME", help="Scheduled at this moment or later."),
    click.option("--to", "time_to", metavar="TIME", help="Scheduled at this moment or earlier."),
    click.option("--made-from", "created_from", metavar="TIME", help="Made then or later."),
    click.option("--made-to", "created_to", metavar="TIME", help="Made then or earlier."),
)
NAMES = frozenset(
    {
        *("status", "type", "projects", "search", "tags", "result", "queue", "enabled", "resting"),
        *("created_by", "time_from", "time_to", "created_from", "created_to"),
    }
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that narrow jobs."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query(client: Client, given: dict[str, Any]) -> dict[str, Any]:
    """Return what options say, with the ids of what they name."""
    found = dict(given)
    found["project_id"] = [targets.project_id(client, one) for one in found.pop("projects")]
    found["tag_id"] = targets.tag_ids(client, found.pop("tags"))
    return found
