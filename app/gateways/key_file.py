"""The encryption key of an installation, as its data folder keeps it."""

import os
from pathlib import Path
from typing import Final

from app.domain.ids import new_id
from app.domain.secret_keys import key_text, new_key, read_key

NAME: Final = "encryption.key"
#: The key before, while values are renewed.
OLD: Final = "encryption.key.old"


def read(folder: Path, name: str = NAME) -> bytes | None:
    """Return a key in this data folder, ``None`` without one.

    Raises ``ValueError`` for what is no key or may be read by others, ``OSError``.
    """
    path = folder / name
    try:
        text = path.read_text()
    except FileNotFoundError:
        return None
    if path.stat().st_mode & 0o077:
        raise ValueError(f"{path} may be read by others; chmod 600 it")
    return read_key(text.strip())


def make(folder: Path) -> bytes:
    """Make a key, or return the one that another process has made meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = _draft(folder)
    try:
        os.link(draft, folder / NAME)  # unlike a rename it never replaces a key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return read_key((folder / NAME).read_text().strip())


def replace(folder: Path) -> None:
    """Put a new key in the place of the present one, which is kept as the old one.

    Cut off anywhere and done again, it goes on: there is never a moment without the key that
    was, and never a second new one.
    """
    present = folder / NAME
    old = folder / OLD
    if not old.exists():
        os.link(present, old)
    if old.read_text() == present.read_text():
        _draft(folder).rename(present)
    _keep(folder)


def set_aside(folder: Path, name: str) -> Path:
    """Give the old key a name under which no start reads it: backups of the time before need it."""
    kept = folder / f"{NAME}.{name}"
    (folder / OLD).rename(kept)
    _keep(folder)
    return kept


def _draft(folder: Path) -> Path:
    """Write a new key to a file that nobody reads yet."""
    draft = folder / f".{NAME}.{new_id()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(key_text(new_key()) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return draft


def _keep(folder: Path) -> None:
    """Have the names in a folder written to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
