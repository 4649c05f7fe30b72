"""Bringing a database to this release's schema, and back, under a lock."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

#: Key of the advisory lock on PostgreSQL; on SQLite the write lock serves.
_LOCK = 0x6F6E656F6666


def upgrade(engine: sa.Engine) -> None:
    """Migrate to the newest schema; a second migrator waits for the first."""
    with _locked(engine) as connection:
        command.upgrade(_config(connection), "head")


def downgrade(engine: sa.Engine) -> None:
    """Go one migration back."""
    with _locked(engine) as connection:
        command.downgrade(_config(connection), "-1")


def current(engine: sa.Engine) -> str | None:
    """Return the revision the database is at; ``None`` before the first migration."""
    with engine.execution_options(reading=True).connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the revision this release was made for."""
    head = ScriptDirectory.from_config(_config(None)).get_current_head()
    assert head is not None  # noqa: S101 - the package ships at least one migration
    return head


def known() -> set[str]:
    """Return all revisions of this release."""
    return {
        script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()
    }


def _config(connection: sa.Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


@contextlib.contextmanager
def _locked(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection
