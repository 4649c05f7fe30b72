"""Bringing a database to this release's schema, and back, under a lock.

Every process looks at its start whether the schema is right, so that is plain SQL and the names of
the migrations' files. Alembic, with all migrations in memory, is for the one that migrates.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config

#: Key of the advisory lock on PostgreSQL; on SQLite the write lock serves.
_LOCK = 0x6F6E656F6666
_HERE = Path(__file__).parent


def upgrade(engine: sa.Engine) -> None:
    """Migrate to the newest schema; a second migrator waits for the first."""
    from alembic import command  # noqa: PLC0415 - 8 MB with what it brings, to migrate only

    with _locked(engine) as connection:
        command.upgrade(_config(connection), "head")


def downgrade(engine: sa.Engine) -> None:
    """Go one migration back."""
    from alembic import command  # noqa: PLC0415 - see above

    with _locked(engine) as connection:
        command.downgrade(_config(connection), "-1")


def current(engine: sa.Engine) -> str | None:
    """Return the revision the database is at; ``None`` before the first migration."""
    with engine.execution_options(reading=True).connect() as connection:
        if not connection.dialect.has_table(connection, "alembic_version"):
            return None
        revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return revision


def newest() -> str:
    """Return the revision this release was made for."""
    return max(known())


def known() -> set[str]:
    """Return all revisions of this release: the number that each migration's file begins with."""
    return {path.name.partition("_")[0] for path in (_HERE / "versions").glob("[0-9]*_*.py")}


def _config(connection: sa.Connection | None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


@contextlib.contextmanager
def _locked(engine: sa.Engine) -> Iterator[sa.Connection]:
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        yield connection
