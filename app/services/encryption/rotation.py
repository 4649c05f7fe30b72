"""The next key: all encrypted values are renewed, a few in each transaction, as often as need be.

Each transaction leaves the database fit for processes that have the old and the new key. So this
can be cut off anywhere and begun again, and the product may run meanwhile.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.gateways import cipher
from app.services.encryption.columns import SEALED, Sealed

BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did, and after which row the next one goes on; ``None``: at none."""

    last: Any
    renewed: int
    unreadable: int


def renew_some(session: Session, sealed: Sealed, after: Any = None) -> Step:
    """Encrypt the next values of a column with today's key, if they are not yet."""
    keys = cipher.current()
    query = sealed.query().where(sealed.column.not_like(f"v1:{keys.newest}:%")).limit(BATCH)
    rows = session.execute(query if after is None else query.where(sealed.key > after)).all()
    renewed = unreadable = 0
    for row_id, value in rows:
        context = sealed.context(row_id)
        try:
            fresh = keys.encrypt(keys.decrypt(value, context), context)
        except cipher.KeyMissing:
            unreadable += 1
            continue
        renewed += sealed.replace(session, row_id, value, fresh)
    return Step(rows[-1][0] if rows else None, renewed, unreadable)


def is_done(session: Session) -> bool:
    """Return whether no value is left that another key than today's has encrypted."""
    newest = f"v1:{cipher.current().newest}:%"
    return not any(
        session.execute(s.query().where(s.column.not_like(newest)).limit(1)).first() for s in SEALED
    )


@dataclass(frozen=True, slots=True)
class Census:
    """How many values of a column each key has encrypted, and how many nothing here can open."""

    noun: str
    by_key: dict[str, int]
    unreadable: int
    in_clear: int


def census(session: Session) -> list[Census]:
    """Open every value there is, and count."""
    return [_count(session, sealed) for sealed in SEALED]


def _count(session: Session, sealed: Sealed) -> Census:
    by_key: Counter[str] = Counter()
    unreadable = in_clear = 0
    for row_id, value in session.execute(sealed.query()):
        key_id = cipher.key_named(value)
        if key_id is None:
            in_clear += 1
            continue
        by_key[key_id] += 1
        try:
            cipher.current().decrypt(value, sealed.context(row_id))
        except cipher.KeyMissing:
            unreadable += 1
    return Census(sealed.noun, dict(by_key), unreadable, in_clear)
