"""The commands that pause a whole installation, and let it go on."""

import click

from app.cli.commands import Command
from app.cli.remote.inputs import Moment
from app.cli.remote.output import exact
from app.cli.remote.session import Remote, remote


@click.command(cls=Command)
@click.option("--reason", metavar="TEXT", help="Shown to whoever asks.")
@click.option("--until", type=Moment(), help="A moment, or a span such as +1h30m.")
@remote()
def pause(remote: Remote, reason: str | None, until: str | None) -> None:
    """Pause the installation: nothing begins but manual starts, until it is resumed.

    What runs goes on. The pause outlasts a restart.
    """
    found = remote.client.system.pause(reason, until)
    end = f"until {exact(found.until)}" if found.until else "until: oneoff resume"
    remote.output.done(found.wire, f"paused {end}")


@click.command(cls=Command)
@remote()
def resume(remote: Remote) -> None:
    """End the pause of the installation."""
    remote.output.done(remote.client.system.resume().wire, "resumed")
