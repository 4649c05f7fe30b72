"""The command ``oneoff``: it knows where its commands are, and imports only what is asked for.

A command that talks to a running server must start quickly, so it does not import the server.
"""

import importlib
import os
import sys
from typing import Any, Final, NoReturn, TextIO

import click

from app.cli.commands import CONTEXT, Group
from app.cli.options import INTERRUPTED, REFUSED, USAGE, with_flags
from app.gateways import forking
from app.version import VERSION

#: Commands that do without the server's code, and where they are. All others are in app.cli.main.
LIGHT: Final = {
    "audit": "app.cli.remote.audit:audit",
    "chains": "app.cli.remote.chains:chains",
    "completion": "app.cli.completion:completion",
    "dead-letters": "app.cli.remote.dead_letters:dead_letters",
    "emails": "app.cli.remote.settings:emails",
    "enqueue": "app.cli.remote.queues:enqueue",
    "executions": "app.cli.remote.executions:executions",
    "health": "app.cli.health:health",
    "jobs": "app.cli.remote.jobs:jobs",
    "login": "app.cli.remote.people.sign_in:login",
    "logout": "app.cli.remote.people.sign_in:logout",
    "members": "app.cli.remote.people.users:members",
    "pause": "app.cli.remote.pauses:pause",
    "projects": "app.cli.remote.labels:projects",
    "queues": "app.cli.remote.queues:queues",
    "resume": "app.cli.remote.pauses:resume",
    "roles": "app.cli.remote.people.roles:roles",
    "schedule": "app.cli.remote.schedules:schedule",
    "search": "app.cli.remote.system:search",
    "settings": "app.cli.remote.settings:settings",
    "system": "app.cli.remote.system:system",
    "tags": "app.cli.remote.labels:tags",
    "users": "app.cli.remote.people.users:users",
    "variables": "app.cli.remote.variables:variables",
    "webhooks": "app.cli.remote.webhooks:webhooks",
    "whoami": "app.cli.remote.people.sign_in:whoami",
    "workers": "app.cli.remote.system:workers",
}


class Root(Group):
    """The group of all commands. They are imported when they are named, or all are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        self.load_all()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; with an unknown name all are loaded, to suggest one."""
        if cmd_name in LIGHT:
            self._load(cmd_name)
        elif cmd_name not in self.commands:
            self.load_all()
        return super().get_command(ctx, cmd_name)

    def load_all(self) -> None:
        """Import all commands."""
        with forking.loading():
            importlib.import_module("app.cli.main")
        for name in LIGHT:
            self._load(name)

    def _load(self, name: str) -> None:
        if name not in self.commands:
            module, _, attribute = LIGHT[name].partition(":")
            self.add_command(getattr(importlib.import_module(module), attribute), name)


@click.group(cls=Root, invoke_without_command=True, context_settings=CONTEXT)
@click.version_option(
    VERSION, "--version", prog_name="oneoff", message="%(prog)s version %(version)s"
)
@with_flags
@click.pass_context
def cli(context: click.Context, /, **flags: Any) -> None:
    """Run jobs at their time: once, on one machine or many.

    Without a command, the whole product runs in the foreground (serve).
    """
    if context.invoked_subcommand is None:
        serve = cli.get_command(context, "serve")
        assert serve is not None  # noqa: S101 - app.cli.main has it
        context.invoke(serve, **flags)
    elif any(flags.values()):
        name = context.invoked_subcommand
        raise click.UsageError(f"put the options behind the command: oneoff {name} --option …")


@cli.command()
def version() -> None:
    """Show the version."""
    click.echo(f"oneoff version {VERSION}")


@cli.command(name="help")
@click.argument("command", nargs=-1)
@click.pass_context
def show_help(context: click.Context, command: tuple[str, ...]) -> None:
    """Show the help, or that of one command."""
    parent = context.find_root()
    for name in command:
        group = parent.command
        found = group.get_command(parent, name) if isinstance(group, click.Group) else None
        if found is None:
            click.echo(f"oneoff has no command {' '.join(command)!r}; see: oneoff help", err=True)
            sys.exit(USAGE)
        parent = click.Context(found, info_name=name, parent=parent, **CONTEXT)  # type: ignore[arg-type]
    click.echo(parent.get_help())


def main() -> NoReturn:
    """Run the command line. A closed pipe is no error to speak of; Ctrl-C leaves 130."""
    for stream in (sys.stdout, sys.stderr):
        _take_every_character(stream)
    try:
        code = cli.main(prog_name="oneoff", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        code = INTERRUPTED if _is_interrupt(error) else REFUSED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = REFUSED
    sys.exit(code)


def _take_every_character(stream: TextIO) -> None:
    """Have a stream write what its encoding lacks as an escape, instead of failing."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether Ctrl-C is behind an error; the end of the input looks much the same."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
