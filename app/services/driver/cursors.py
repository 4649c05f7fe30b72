"""Cursors of the driver, within a unit of work and with SQLAlchemy's errors."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError


@contextmanager
def cursor(connection: sa.Connection, sql: str) -> Iterator[Any]:
    """Open a cursor to run ``sql``; its errors come as SQLAlchemy's and tell no values."""
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    opened = driver.cursor()
    try:
        yield opened
    except dialect.loaded_dbapi.Error as error:
        is_gone = dialect.is_disconnect(error, driver, opened)
        if is_gone:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql,
            None,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=True,
            connection_invalidated=is_gone,
            dialect=dialect,
        ) from error
    finally:
        opened.close()
