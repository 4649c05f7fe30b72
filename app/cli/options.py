"""The options that all commands share, and the settings they lead to."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app import settings as settings_module
from app.domain.errors import Invalid
from app.settings import Settings

REFUSED, USAGE, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130

_FLAGS = (
    click.option("--host", help="Address to listen on.  [HOST, default localhost]"),
    click.option("--port", type=int, help="Port of the API.  [PORT, default 8080]"),
    click.option("--db-path", type=click.Path(), help="SQLite file.  [DB_PATH]"),
    click.option("--data-dir", type=click.Path(), help="Folder for all files.  [DATA_DIR]"),
    click.option("--log-level", help="debug, info, warn or error.  [LOG_LEVEL, default info]"),
    click.option("--no-color", is_flag=True, help="No colours in the output."),
    click.option(
        "--config", type=click.Path(), help="File of settings, KEY=value lines.  [ONEOFF_CONFIG]"
    ),
)


def with_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options; it is called with the settings they lead to."""

    @functools.wraps(command)
    def called(*, config: str | None, no_color: bool, **given: Any) -> Any:
        flags = {name: given.pop(name) for name in ("host", "port", "db_path", "data_dir")}
        flags["log_level"] = given.pop("log_level")
        if no_color:
            os.environ["NO_COLOR"] = "1"  # noqa: TID251 - for the libraries that draw
        return command(load(flags, config), **given)

    return with_flags(called)


def with_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the shared options."""
    for option in reversed(_FLAGS):
        command = option(command)
    return command


def load(flags: dict[str, Any], config: str | None = None) -> Settings:
    """Return the settings; faults are listed and end the command."""
    environ = dict(os.environ)  # noqa: TID251 - passed on to the one reader
    if config:
        environ["ONEOFF_CONFIG"] = config
    try:
        return settings_module.load(flags, environ)
    except Invalid as error:
        lines = [f"  {f.field or 'settings'}: {f.message}" + _shown(f.value) for f in error.faults]
        click.echo("The configuration is not usable:\n" + "\n".join(lines), err=True)
        raise SystemExit(USAGE) from None


def _shown(value: str | None) -> str:
    return f" — given: {value}" if value else ""


def usable_folder(settings: Settings) -> Path:
    """Return the data folder, made if need be; ends the command if it can't be written."""
    folder = settings.folder
    os.umask(0o077)  # what jobs are and print is nobody else's business
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_text("")
        probe.unlink()
    except OSError as error:
        click.echo(f"DATA_DIR={folder} can't be used: {error.strerror}", err=True)
        raise SystemExit(USAGE) from None
    return folder


def missing_file(settings: Settings) -> str:
    """Return what to do if the SQLite file is not there: opening it would make an empty one."""
    path = settings.database.removeprefix("sqlite:///")
    if path == settings.database or os.path.exists(path):  # noqa: PTH110 - may be no path at all
        return ""
    return "there is no database yet; make it: oneoff migrate --direction up"
