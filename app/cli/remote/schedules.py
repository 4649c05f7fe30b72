"""The commands of schedules that no job has yet."""

from typing import Any

import click

from app.cli.commands import Group
from app.cli.remote import inputs
from app.cli.remote.output import clean, exact, note
from app.cli.remote.session import Remote, remote, warn
from app.client.moments import Coming, Preview


@click.group(cls=Group)
def schedule() -> None:
    """Try schedules before a job gets them, on a running server."""


@schedule.command()
@click.argument("cron", required=False)
@click.option("--tz", "timezone", metavar="ZONE", help="IANA name, such as Europe/Berlin.")
@click.option("--count", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option("--from", "start", type=inputs.Moment(), metavar="TIME|+SPAN", help="After when.")
@click.option("--dialect", type=click.Choice(["standard", "quartz"]), help="How CRON is read.")
@click.option(
    "--json-schedule", metavar="@FILE|-|JSON", help="The whole schedule, instead of CRON."
)
@remote()
def preview(remote: Remote, start: str | None, count: int, **given: Any) -> None:
    """Tell when a schedule would be due, such as that of CRON: "0 9 * * MON-FRI".

    Warnings say what may not be meant; they don't change the exit code.
    """
    found = remote.client.schedules.preview(
        _meant(given), count, start=start, timezone=given["timezone"]
    )
    if remote.output.as_json:
        remote.output.json(found.wire)
    else:
        _show(found)


def _meant(given: dict[str, Any]) -> dict[str, Any]:
    cron, dialect, whole = (given[name] for name in ("cron", "dialect", "json_schedule"))
    if (cron is None) == (whole is None):
        raise click.UsageError("give either a cron expression or --json-schedule.")
    if whole is None:
        return {"type": "cron", "expression": cron} | ({"dialect": dialect} if dialect else {})
    if dialect:
        raise click.UsageError("--dialect is for a cron expression; write it into the schedule.")
    return inputs.json_object(whole, "--json-schedule")


def _show(found: Preview) -> None:
    click.echo(clean(found.words.get("en", "")))
    for due in found.next:
        click.echo(_line(due))
    if not found.next:
        note("It has no due moment from now on.")
    for change in found.transitions:
        note(f"{exact(change.at)}: {clean(change.words.get('en', change.effect))}")
    for warning in found.warnings:
        warn(clean(warning))


def _line(due: Coming) -> str:
    passed = f"  passes: {clean(due.blackout)}" if due.blackout else ""
    return f"{exact(due.utc)}  {clean(due.local)}{passed}"
