"""The key of the installation: found or made at the start, and held against what it must open."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.domain.secret_keys import HOW
from app.gateways import cipher, key_file
from app.models import Installation
from app.settings import Settings

_KNOWN_TEXT: Final = "oneoff"
_CONTEXT: Final = "installation"


class KeyRefused(Exception):
    """This process must not start: it has no key, or another one than the database."""


def key_of(settings: Settings, *, may_make: bool) -> bytes:
    """Return the key that this start gives, else that of the data folder, made if need be.

    Raises :class:`KeyRefused`.
    """
    if settings.encryption_key:
        return settings.encryption_key
    try:
        found = key_file.read(settings.folder)
        if found is None and may_make:
            found = key_file.make(settings.folder)
    except (OSError, ValueError) as error:
        raise KeyRefused(f"the encryption key can't be read: {error}") from None
    if found is None:
        raise KeyRefused(
            f"key_missing: the secrets in the database were encrypted with a key that is not in "
            f"{settings.folder / key_file.NAME}; put it there, or give it as ENCRYPTION_KEY"
        )
    return found


def unlock(session: Session, settings: Settings) -> None:
    """Give this process the key of the installation; the first start ever decides which it is.

    Raises :class:`KeyRefused` if it is another one: secrets would be lost or mixed.
    """
    checked = session.scalars(sa.select(Installation.key_check)).one()
    keys = [key_of(settings, may_make=checked is None), *settings.encryption_keys_old]
    cipher.configure(keys)
    if checked is None:
        checked = _take(session)
    try:
        cipher.current().decrypt(checked, _CONTEXT)
    except cipher.KeyMissing:
        raise KeyRefused(_mismatch(keys)) from None


def renew_check(session: Session) -> None:
    """Encrypt the known text with the key that encrypts today."""
    fresh = cipher.current().encrypt(_KNOWN_TEXT, _CONTEXT)
    session.execute(sa.update(Installation).values(key_check=fresh))


def _take(session: Session) -> str:
    """Write the known text, unless another process was first; return what is there then."""
    fresh = cipher.current().encrypt(_KNOWN_TEXT, _CONTEXT)
    first = sa.update(Installation).where(Installation.key_check.is_(None))
    session.execute(first.values(key_check=fresh))
    return str(session.scalars(sa.select(Installation.key_check)).one())


def _mismatch(keys: Sequence[bytes]) -> str:
    return (
        f"key_mismatch: the database belongs to another encryption key than this start has "
        f"({', '.join(map(cipher.key_id, keys))}); give the right one as ENCRYPTION_KEY, or the "
        f"one before it in ENCRYPTION_KEYS_OLD. Don't {HOW.split(':')[0]}: what was encrypted "
        "would be lost"
    )
