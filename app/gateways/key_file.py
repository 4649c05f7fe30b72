"""The encryption key of an installation, as its data folder keeps it."""

import os
from pathlib import Path
from typing import Final

from app.domain.ids import new_id
from app.domain.secret_keys import key_text, new_key, read_key

NAME: Final = "encryption.key"


def read(folder: Path) -> bytes | None:
    """Return the key in this data folder, ``None`` without one.

    Raises ``ValueError`` for what is no key or may be read by others, ``OSError``.
    """
    path = folder / NAME
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
    draft = folder / f".{NAME}.{new_id()}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(key_text(new_key()) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, folder / NAME)  # unlike a rename it never replaces a key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return read_key((folder / NAME).read_text().strip())
