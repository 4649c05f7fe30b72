"""What every command has that asks a running server: its address, a key, its way to fail."""

import contextlib
import functools
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from app.cli.options import REFUSED, UNREACHABLE, load
from app.cli.remote import tokens
from app.cli.remote.output import Output, clean
from app.client import (
    Client,
    Key,
    Options,
    Refused,
    Unauthenticated,
    Unreachable,
    Unreadable,
    plain_url,
)
from app.domain.errors import Fault
from app.version import VERSION

KEY_FILE = Path("~/.config/oneoff/key")
_EVERYWHERE = frozenset({"0.0.0.0", "::", "*"})  # noqa: S104 - what to listen on; we connect
_SERVER_HELP = "Address of the server.  [ONEOFF_URL; default: HOST and PORT of the settings]"
_OPTIONS = (
    click.option(
        "--api-key",
        metavar="KEY",
        envvar="ONEOFF_API_KEY",
        help=("API key; a file is safer, others may see this.  [ONEOFF_API_KEY]"),
    ),
    click.option(
        "--api-key-file",
        metavar="FILE",
        envvar="ONEOFF_API_KEY_FILE",
        help=(f"File that holds the API key.  [ONEOFF_API_KEY_FILE; default: {KEY_FILE}]"),
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    click.option("--no-color", is_flag=True, help="No colours in the output.  [NO_COLOR]"),
)


@dataclass(frozen=True, slots=True)
class Remote:
    """A server to ask, and where to show its answers."""

    client: Client
    output: Output


def remote(
    *server: str, knows_who: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the shared options; it is called with a :class:`Remote` and its own.

    ``server`` are the names of the option for the address, where ``--url`` means something else.
    Without ``knows_who`` no key or token is sent.
    """
    address = click.option(
        *(server or ("--url", "--server")),
        "server",
        metavar="URL",
        envvar="ONEOFF_URL",
        help=_SERVER_HELP,
    )

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def called(**given: Any) -> None:
            names = ("server", "api_key", "api_key_file", "as_json", "no_color")
            values = {name: given.pop(name) for name in names}
            output = Output(as_json=values["as_json"], no_color=values["no_color"])
            with failing_plainly(), _connected(values, knows_who=knows_who) as client:
                command(Remote(client, output), **given)

        wrapped: Callable[..., None] = called
        for option in reversed((address, *_OPTIONS)):
            wrapped = option(wrapped)
        return wrapped

    return decorate


@contextlib.contextmanager
def _connected(given: dict[str, Any], *, knows_who: bool) -> Iterator[Client]:
    url = given["server"] or _own_address()
    options = Options(user_agent=f"oneoff-cli/{VERSION}")
    try:
        key = _key(plain_url(url), given, options) if knows_who else None
        client = Client(url, key, options)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    with client:
        yield client


def _key(url: str, given: dict[str, Any], options: Options) -> Key:
    """Return what to show a server: the key that is given, else the session there, else a key."""
    if given["api_key"] or given["api_key_file"]:
        return given["api_key"] or _key_from_file(given["api_key_file"])
    if not tokens.entry(url):
        return _key_from_file(None)
    if tokens.is_open_to_others():
        path = tokens.FILE.expanduser()
        warn(f"{path} can be read by others; close it: chmod 600 {path}")
    return tokens.Keeper(url, options)


def _own_address() -> str:
    """Return the address at which a server with this machine's settings answers."""
    settings = load({})
    host = "localhost" if settings.host in _EVERYWHERE else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _key_from_file(named: str | None) -> str | None:
    path = Path(named).expanduser() if named else KEY_FILE.expanduser()
    try:
        mode, key = path.stat().st_mode, path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        if named is None and isinstance(error, FileNotFoundError | NotADirectoryError):
            return None
        reason = getattr(error, "strerror", None) or "is no text"
        raise click.UsageError(f"the file of the API key, {path}: {reason}") from None
    if not key:
        raise click.UsageError(f"the file of the API key, {path}, is empty")
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        warn(f"{path} can be read by others; close it: chmod 600 {path}")
    return key


@contextlib.contextmanager
def failing_plainly() -> Iterator[None]:
    """Turn what goes wrong between here and the server into words and an exit code."""
    try:
        yield
    except (Unreachable, Unreadable) as error:
        hint = "; is it running? See: oneoff health" if isinstance(error, Unreachable) else ""
        fail(f"{error}{hint}", UNREACHABLE)
    except tokens.NotSignedIn as error:
        fail(f"you are not signed in any more ({clean(str(error))}); run: oneoff login")
    except Unauthenticated as error:
        fail(_who_are_you(error))
    except Refused as error:
        fail(*refusal_lines(error))


def _who_are_you(error: Unauthenticated) -> str:
    if error.code == "INVALID_CREDENTIALS":
        return clean(error.message)
    return (
        f"the server wants to know who asks ({clean(error.message)}); run: oneoff login, or give "
        f"an API key with --api-key-file, ONEOFF_API_KEY or the file {KEY_FILE}"
    )


def refusal_lines(error: Refused) -> tuple[str]:
    """Return what a refusal says, its faults one a line."""
    if len(error.faults) > 1:
        lines = [f"  {fault_line(fault)}" for fault in error.faults]
        return ("\n".join(["the server refused this:", *lines]),)
    if error.faults:
        return (fault_line(error.faults[0]),)
    trace = f" (trace {error.trace_id})" if error.status >= 500 and error.trace_id else ""
    return (f"{clean(error.message)}{trace}",)


def fault_line(fault: Fault) -> str:
    """Return a fault in one line, with the value that was given."""
    given = "" if fault.value in {None, ""} else f" — given: {fault.value}"
    return clean(f"{fault.sentence()}{given}")


def fail(message: str, code: int = REFUSED) -> NoReturn:
    """Say what went wrong and end the command."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


def warn(message: str) -> None:
    """Say something that does not end the command."""
    click.echo(f"Warning: {message}", err=True)
