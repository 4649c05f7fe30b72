"""The commands that start and stop the product in the background and say how it is."""

import json
import sys

import click

from app.cli import daemon, status
from app.cli.options import REFUSED, UNREACHABLE, with_settings
from app.settings import Settings

_timeout = click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    help="Seconds before all that is left is killed.  [SHUTDOWN_GRACE_SECONDS + 15]",
)


@click.command()
@with_settings
def start(settings: Settings) -> None:
    """Start the whole product in the background; return when it answers.

    Its log is DATA_DIR/logs/oneoff.log, its process number is in DATA_DIR/oneoff.pid.
    """
    daemon.start(settings)


@click.command()
@_timeout
@with_settings
def stop(settings: Settings, timeout: float | None) -> None:
    """Stop the product of this data folder, however it was started. Exit code 3: none runs."""
    if not daemon.stop(settings, timeout):
        click.echo(f"OneOff is not running on {settings.folder}", err=True)
        sys.exit(UNREACHABLE)


@click.command()
@_timeout
@with_settings
def restart(settings: Settings, timeout: float | None) -> None:
    """Stop the product if it runs, and start it in the background with the present settings."""
    daemon.stop(settings, timeout)
    daemon.start(settings)


@click.command(name="status")
@click.option("--json", "as_json", is_flag=True, help="As JSON, for scripts.")
@with_settings
def show_status(settings: Settings, as_json: bool) -> None:  # noqa: FBT001 - an option
    """Say how the product is. Exit code 0: well; 1: it runs, but is not well; 3: none runs."""
    report = status.look(settings)
    click.echo(json.dumps(report) if as_json else "\n".join(status.lines(report)))
    if not report["running"]:
        sys.exit(UNREACHABLE)
    sys.exit(0 if report["well"] else REFUSED)


COMMANDS = (start, stop, restart, show_status)
