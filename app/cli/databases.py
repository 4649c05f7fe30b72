"""The database for commands that work on it directly, and what they leave in the audit log."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app import bootstrap, db
from app.cli.options import missing_file
from app.domain.errors import DomainError
from app.services import audit
from app.settings import Settings

ACTOR = "cli"


def opened(settings: Settings) -> None:
    """Name the database of the settings; ends the command if it can't be worked on."""
    os.umask(0o077)
    db.configure(settings.database)
    problem = missing_file(settings) or bootstrap.schema_problem(db.engine())
    if problem:
        raise click.ClickException(problem)


@contextmanager
def unit(settings: Settings, kind: Callable[[], Any], action: str = "") -> Iterator[Session]:
    """Open a unit of work on a usable database; refusals end the command in one line.

    With an ``action`` it leaves a row in the audit log, in the same unit of work.
    """
    opened(settings)
    with failing_plainly(), recorded(action), kind() as session:
        yield session


@contextmanager
def failing_plainly() -> Iterator[None]:
    """Have refusals end the command in one line."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def recorded(action: str, **detail: Any) -> Iterator[None]:
    """Have what is done meanwhile leave a row in the audit log, by ``cli``."""
    if not action:
        yield
        return
    audit.listen()
    with audit.recorded(audit.Deed(ACTOR), action, os_user=os_user(), **detail):
        yield


def leave_row(action: str, **detail: Any) -> None:
    """Add a row for what was done with the database as a whole, if its schema is ours."""
    try:
        if not bootstrap.schema_problem(db.engine()):
            with recorded(action, **detail), db.transaction():
                pass
    except SQLAlchemyError as error:
        click.echo(f"Warning: the audit log has no row of this ({type(error).__name__})", err=True)


def os_user() -> str:
    """Return the name under which the command runs."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # in a container a number may have no name
        return str(os.getuid())
