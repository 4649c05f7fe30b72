"""What commands share that work on the database itself, whether the product runs or not."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import click
from sqlalchemy.orm import Session

from app import bootstrap, db
from app.domain.clock import to_wire
from app.domain.errors import DomainError
from app.domain.permissions import EVERY
from app.services.access import Principal, Sight
from app.settings import Settings

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


@contextmanager
def unit(settings: Settings, kind: Callable[[], Any]) -> Iterator[Session]:
    """Open a unit of work on a usable database; refusals end the command in one line."""
    os.umask(0o077)
    db.configure(settings.database)
    problem = _missing(settings) or bootstrap.schema_problem(db.engine())
    if problem:
        raise click.ClickException(problem)
    with failing_plainly(), kind() as session:
        yield session


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Have refusals end the command in one line."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(str(error)) from None


def _missing(settings: Settings) -> str:
    """Return what to do if the SQLite file is not there: opening it would make an empty one."""
    path = settings.database.removeprefix("sqlite:///")
    if path == settings.database or os.path.exists(path):  # noqa: PTH110 - may be no path at all
        return ""
    return "there is no database yet; make it: oneoff migrate --direction up"


def as_text(value: Any) -> str:
    """Return a value as JSON for people and programs."""
    return json.dumps(value, default=to_wire, ensure_ascii=False, indent=2)
