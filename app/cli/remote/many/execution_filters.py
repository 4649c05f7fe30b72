"""The options that narrow executions: of the list, and of what is done to all it would show."""

from collections.abc import Callable
from typing import Any

import click

from app.cli.remote import targets
from app.client import Client
from app.domain import execution_state as state

_STATUSES = sorted({*state.STATUSES, *state.ALIASES})
_ORIGINS = ("api", "manual", "schedule", "chain", "trigger", "replay", "catchup")
_OPTIONS = (
    click.option("--job", metavar="NAME|ID"),
    click.option("--status", multiple=True, type=click.Choice(_STATUSES), help="Repeatable."),
    click.option("--waiting", is_flag=True, help="Also what has not started."),
    click.option("--project", "projects", multiple=True, metavar="NAME|ID", help="Repeatable."),
    click.option(
        "--tag", "tags", multiple=True, metavar="NAME|ID", help="Any of them. Repeatable."
    ),
    click.option("--origin", multiple=True, type=click.Choice(_ORIGINS), help="Why it exists."),
    click.option("--worker", multiple=True, metavar="NAME", help="Repeatable."),
    click.option("--queue", multiple=True, metavar="NAME", help="Repeatable."),
    click.option("--error-code", multiple=True, metavar="CODE", help="Such as EXIT_CODE."),
    click.option(
        "--longer-than", "seconds", type=click.FloatRange(0), metavar="SECONDS", help="It took."
    ),
    click.option("--from", "date_from", metavar="TIME", help="Started at this moment or later."),
    click.option("--to", "date_to", metavar="TIME", help="Started at this moment or earlier."),
)
NAMES = frozenset(
    {
        *("job", "status", "waiting", "projects", "tags", "origin", "worker", "queue"),
        *("error_code", "seconds", "date_from", "date_to"),
    }
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that narrow executions."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def query(client: Client, given: dict[str, Any]) -> dict[str, Any]:
    """Return what options say, with the ids of what they name."""
    found = dict(given)
    job, seconds = found.pop("job"), found.pop("seconds")
    found["project_id"] = [targets.project_id(client, one) for one in found.pop("projects")]
    found["tag_id"] = targets.tag_ids(client, found.pop("tags"))
    found["job_id"] = targets.job_id(client, job) if job else None
    found["include"] = "all" if found.pop("waiting") else None
    found["duration_from"] = None if seconds is None else round(seconds * 1000)
    return found
