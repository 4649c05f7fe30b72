"""The key of the installation: found or made at the start, and held against what it must open."""

import logging
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.gateways import cipher, key_file
from app.models import Installation
from app.services.encryption.columns import SEALED, in_clear
from app.settings import Settings

log = logging.getLogger(__name__)

_KNOWN_TEXT: Final = "oneoff"
_CONTEXT: Final = "installation"


class KeyRefused(Exception):
    """This process must not start: it has no key, or another one than the database."""


def unlock(session: Session, settings: Settings) -> None:
    """Give this process the key of the installation; the first start ever decides which it is.

    What releases before encryption have left in clear is encrypted. Raises :class:`KeyRefused` if
    the key is another one: secrets would be lost or mixed.
    """
    checked = session.scalars(sa.select(Installation.key_check)).one()
    keys = _keys(settings, may_make=checked is None)
    cipher.configure(keys)
    if checked is None:
        checked = _take(session)
    if not _opens(checked):
        raise KeyRefused(_mismatch(keys, checked))
    _seal(session)


def refusal(session: Session, settings: Settings) -> str | None:
    """Return why a start with these settings would be refused; nothing is made or changed."""
    checked = session.scalars(sa.select(Installation.key_check)).one()
    if checked is None:
        return None
    try:
        keys = _keys(settings, may_make=False)
    except KeyRefused as reason:
        return str(reason)
    known = {cipher.key_id(key) for key in keys}
    return None if cipher.key_named(checked) in known else _mismatch(keys, checked)


def renew_check(session: Session) -> str | None:
    """Encrypt the known text with the key that encrypts today; return the id of the one before."""
    before = session.scalars(sa.select(Installation.key_check)).one()
    fresh = cipher.current().encrypt(_KNOWN_TEXT, _CONTEXT)
    session.execute(sa.update(Installation).values(key_check=fresh))
    return None if before is None else cipher.key_named(before)


def _keys(settings: Settings, *, may_make: bool) -> list[bytes]:
    """Return the key that this start gives, else that of the data folder; then all older ones."""
    if settings.encryption_key:
        return [settings.encryption_key, *settings.encryption_keys_old]
    try:
        found = key_file.read(settings.folder)
        replaced = key_file.read(settings.folder, key_file.OLD)
        if found is None and may_make:
            found = key_file.make(settings.folder)
    except (OSError, ValueError) as error:
        raise KeyRefused(f"the encryption key can't be read: {error}") from None
    if found is None:
        raise KeyRefused(
            f"key_missing: the secrets in the database were encrypted with a key that is not in "
            f"{settings.folder / key_file.NAME}; put it there, or give it as ENCRYPTION_KEY"
        )
    return [found, *settings.encryption_keys_old, *([replaced] if replaced else [])]


def _take(session: Session) -> str:
    """Write the known text, unless another process was first; return what is there then."""
    fresh = cipher.current().encrypt(_KNOWN_TEXT, _CONTEXT)
    first = sa.update(Installation).where(Installation.key_check.is_(None))
    session.execute(first.values(key_check=fresh))
    return str(session.scalars(sa.select(Installation.key_check)).one())


def _opens(checked: str) -> bool:
    try:
        return cipher.current().decrypt(checked, _CONTEXT) == _KNOWN_TEXT
    except cipher.KeyMissing:
        return False


def _seal(session: Session) -> None:
    """Encrypt what was left in clear. Processes that do it at the same time don't get in the way.

    On SQLite no trace of the clear text shall stay in the file.
    """
    for sealed in SEALED:
        found = in_clear(session, sealed) if sealed.was_clear else []
        if found and db.is_sqlite():
            session.execute(sa.text("PRAGMA secure_delete = ON"))
            db.after_commit(session, _empty_journal)
        for row_id, value in found:
            made = cipher.current().encrypt(value, sealed.context(row_id))
            sealed.replace(session, row_id, value, made)
        if found:
            log.info("encrypted %d %s", len(found), sealed.noun)


def _empty_journal() -> None:
    """Have SQLite write its journal into the file and empty it, if nobody reads meanwhile."""
    connection = db.engine().raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def _mismatch(keys: Sequence[bytes], checked: str) -> str:
    return (
        f"key_mismatch: the database belongs to the encryption key {cipher.key_named(checked)}, "
        f"this start has {', '.join(map(cipher.key_id, keys))}; give the right one as "
        f"ENCRYPTION_KEY, or the one before it in ENCRYPTION_KEYS_OLD. Don't make a new one: what "
        "was encrypted would be lost"
    )
