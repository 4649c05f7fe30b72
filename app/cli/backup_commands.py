"""The commands that make a backup and put one back."""

import contextlib
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from app import bootstrap
from app.cli.backup import back_up
from app.cli.options import with_settings
from app.cli.restore import restore as put_back
from app.gateways.backup_file import NotABackup
from app.gateways.postgresql_tools import ToolFailed
from app.gateways.sqlite_files import Damaged, InUse
from app.settings import Settings


@click.command()
@click.argument("place", metavar="FILE|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--keep-days",
    type=click.IntRange(1, 36500),
    help="For a folder: remove this installation's backups there that are older.",
)
@with_settings
def backup(settings: Settings, place: Path, keep_days: int | None) -> None:
    """Write a backup of the database to a file, or a dated one into a folder.

    The product may run meanwhile. The backup holds all data, secrets too, as they are in the
    database; only you can read it. PostgreSQL needs its tool pg_dump on the PATH.
    """
    with _plain_failures(settings, "backup"):
        back_up(settings, place, keep_days)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--force", "--yes", "force", is_flag=True, help="Also if there are jobs: they are replaced."
)
@with_settings
def restore(settings: Settings, file: Path, force: bool) -> None:  # noqa: FBT001 - an option
    """Put a backup in the place of the database. The product must not run.

    Nothing old starts by itself: what should have started since the backup is skipped, and what
    ran then is marked as lost. The present SQLite database is kept beside the new one.
    """
    with _plain_failures(settings, "restore"):
        put_back(settings, file, force=force)


COMMANDS = (backup, restore)


@contextlib.contextmanager
def _plain_failures(settings: Settings, name: str) -> Iterator[None]:
    """Say in a sentence what went wrong, and leave no scratch file even if told to stop."""
    bootstrap.start_logging(name, settings)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        yield
    except (NotABackup, ToolFailed, Damaged, InUse) as error:
        raise click.ClickException(str(error)) from None
    except SQLAlchemyError as error:
        kind = type(error).__name__
        raise click.ClickException(f"the database can't be used ({kind})") from None
    except sqlite3.Error as error:
        raise click.ClickException(f"the database can't be used: {error}") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or name}: {error.strerror}") from None
