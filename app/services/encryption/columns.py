"""Every column of encrypted values. A new one is a line in :data:`SEALED`, and no more.

Rotation renews them, ``oneoff secrets status`` counts them, and a test looks for clear text there.
Whoever writes and reads them uses :func:`app.gateways.cipher.current` with the same context.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.gateways.cipher import key_named
from app.models import SystemConfig, Variable, Webhook

#: What stands for no value, beside NULL.
_NOTHING: Final = ("", "[]")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A text column of encrypted values, each bound to its row by the context ``KIND:ROW ID``."""

    #: What the values are, in the plural.
    noun: str
    column: InstrumentedAttribute[Any]
    #: The first part of the context.
    kind: str
    #: Which rows hold encrypted values, if not all do.
    only: sa.ColumnElement[bool] | None = None
    #: Releases before encryption left values in clear: each start looks for them.
    was_clear: bool = False

    @property
    def key(self) -> Any:
        """Return the column of the rows' ids."""
        return sa.inspect(self.column.class_).primary_key[0]

    def context(self, row_id: object) -> str:
        """Return what the value of a row is bound to."""
        return f"{self.kind}:{row_id}"

    def query(self) -> sa.Select[tuple[Any, str]]:
        """Return the query for ids and values, without those that are none."""
        chosen = sa.select(self.key, self.column).order_by(self.key)
        chosen = chosen.where(self.column.is_not(None), self.column.not_in(_NOTHING))
        return chosen if self.only is None else chosen.where(self.only)

    def replace(self, session: Session, row_id: object, old: str, new: str) -> bool:
        """Put a value in the place of another; ``False``: that was not there any more."""
        table: Any = self.column.class_.__table__
        where = (self.key == row_id, self.column == old)
        made: Any = session.execute(sa.update(table).where(*where).values({self.column.key: new}))
        return bool(made.rowcount)


SEALED: Final[Sequence[Sealed]] = (
    Sealed("webhook secrets", Webhook.secrets, "webhook", was_clear=True),
    Sealed("variables", Variable.value, "variable", only=Variable.is_sensitive.expression),
    Sealed(
        "passwords of the mail server",
        SystemConfig.value,
        "setting",
        only=SystemConfig.key == "smtp_password",
    ),
)


def in_clear(session: Session, sealed: Sealed) -> list[tuple[Any, str]]:
    """Return ids and values that nothing has encrypted."""
    likely = sealed.query().where(sealed.column.not_like("v1:%"))
    return [(row_id, value) for row_id, value in session.execute(likely) if not key_named(value)]
