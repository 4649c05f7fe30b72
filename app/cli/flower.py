"""``oneoff flower``: Celery's monitor on our broker, closed to strangers, read-only by default."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from app import bootstrap
from app.cli.options import with_settings
from app.gateways import broker
from app.settings import LOOPBACK, Settings


@click.command()
@click.option(
    "--address",
    envvar="FLOWER_ADDRESS",
    default="localhost",
    show_default=True,
    help="Address to listen on; other than loopback only with a login.  [FLOWER_ADDRESS]",
)
@click.option(
    "--flower-port",
    envvar="FLOWER_PORT",
    type=click.IntRange(1, 65535),
    default=5555,
    show_default=True,
    help="Port to listen on.  [FLOWER_PORT]",
)
@click.option(
    "--login-file",
    envvar="FLOWER_BASIC_AUTH_FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with USER:PASSWORD, one a line.  [FLOWER_BASIC_AUTH_FILE, or FLOWER_BASIC_AUTH]",
)
@click.option("--url-prefix", envvar="FLOWER_URL_PREFIX", help="Path that a proxy serves it under.")
@click.option(
    "--writable", is_flag=True, help="Let it stop and resize workers. Who may, may stop everything."
)
@click.option("logins", "--login", envvar="FLOWER_BASIC_AUTH", hidden=True)
@with_settings
def flower(
    settings: Settings, *, login_file: Path | None, logins: str | None, **given: Any
) -> None:
    """Watch workers and executions in Flower, Celery's monitor.

    While it runs, workers tell it of each execution (at most 200 events a second from each worker).
    It keeps them in memory; the ledger of OneOff is the record.
    """
    known = _logins(login_file, logins)
    if given["address"] not in LOOPBACK and not known:
        raise click.UsageError(
            f"--address {given['address']!r} needs a login: put USER:PASSWORD into a file and "
            "name it with --login-file (or set FLOWER_BASIC_AUTH)"
        )
    bootstrap.start("flower", settings, reads_secrets=False)
    _run(_arguments(given, known))


def _logins(file: Path | None, given: str | None) -> list[str]:
    text = file.read_text() if file else (given or "").replace(",", "\n")
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if any(not all(line.partition(":")[::2]) for line in found):
        raise click.UsageError("a login must be USER:PASSWORD; several, one a line")
    return found


def _arguments(given: dict[str, Any], logins: list[str]) -> list[str]:
    """Return Flower's own options. They stay in this process: no list of processes shows them."""
    return [
        f"--address={given['address']}",
        f"--port={given['flower_port']}",
        f"--read_only={not given['writable']}",
        "--purge_offline_workers=60",
        *([f"--basic_auth={','.join(logins)}"] if logins else []),
        *([f"--url_prefix={given['url_prefix']}"] if given["url_prefix"] else []),
    ]


def _run(arguments: list[str]) -> None:
    command = importlib.import_module("flower.command").flower
    app = broker.make_app("oneoff-flower")
    parent = click.Context(click.Command("celery"))
    parent.obj = SimpleNamespace(app=app, quiet=False, no_color=True)
    with parent, command.make_context("flower", arguments, parent=parent) as context:
        command.invoke(context)
