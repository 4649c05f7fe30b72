"""``oneoff health``: how the product is, or one of its roles on this machine."""

import sys
from collections.abc import Iterator
from http.client import HTTPException

import click

from app.cli.asking import address, ask
from app.cli.options import REFUSED, UNREACHABLE, with_settings
from app.gateways import pulse
from app.settings import Settings

#: A process that has been silent for so long does not do its work.
SILENT_SECONDS = 15.0
_LANES = ("run", "dispatch", "auxiliary")
_ROLES = ("api", "worker", *_LANES, "beat")


@click.command()
@click.argument("role", type=click.Choice(_ROLES), required=False)
@with_settings
def health(settings: Settings, role: str | None) -> None:
    """Ask the running product how it is, or only whether a ROLE on this machine does its work.

    Exit code 0: well; 1: not well; 3: not reachable. Of the roles, `worker` stands for the three
    lanes that one worker serves: run, dispatch and auxiliary. They, and `beat`, are known by their
    signs of life in DATA_DIR, so this serves as the health check of a container that has no port.
    """
    if role in {None, "api"}:
        _ask(settings, "/health/ready" if role else "/health")
    silent = list(_silent(settings, _LANES if role == "worker" else (str(role),)))
    for line in silent:
        click.echo(line)
    if not silent:
        click.echo(f"{role}: at work")
    sys.exit(REFUSED if silent else 0)


def _ask(settings: Settings, path: str) -> None:
    try:
        answer = ask(settings, path)
    except (OSError, HTTPException, ValueError):
        click.echo(f"nothing answers at {address(settings)}", err=True)
        sys.exit(UNREACHABLE)
    for line in _lines(answer):
        click.echo(line)
    sys.exit(0 if answer.get("status") == "ok" or answer.get("ready") is True else REFUSED)


def _silent(settings: Settings, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        age = pulse.age(settings.folder, name)
        if age is None:
            yield f"{name}: no sign of life yet"
        elif age > SILENT_SECONDS:
            yield f"{name}: silent for {age:.0f} s"


def _lines(answer: object, indent: str = "") -> Iterator[str]:
    """Yield an answer of the product as indented ``name: value`` lines."""
    pairs = answer.items() if isinstance(answer, dict) else enumerate(answer, 1)  # type: ignore[arg-type]
    for name, value in pairs:
        if isinstance(value, dict | list):
            yield f"{indent}{name}:"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{name}: {value}"
