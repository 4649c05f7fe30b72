"""What commands share that work on the database itself, whether the product runs or not."""

import json
from collections.abc import Callable
from typing import Any, Final

import click

from app.domain.clock import to_wire
from app.domain.permissions import EVERY
from app.services.access import Principal, Sight

#: Whoever can run these commands can write the database anyway.
WHO: Final = Principal("cli", EVERY, Sight(everything=True))
json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


def checked(check: Callable[[str], Any]) -> Callable[..., Any]:
    """Return a callback that has click name the option, the value and what is allowed."""

    def callback(_context: click.Context, _option: click.Parameter, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(_checked(check, one) for one in value)
        return None if value is None else _checked(check, value)

    return callback


def _checked(check: Callable[[str], Any], value: str) -> Any:
    try:
        return check(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r}: {error}") from None


def as_text(value: Any) -> str:
    """Return a value as JSON for people and programs."""
    return json.dumps(value, default=to_wire, ensure_ascii=False, indent=2)
