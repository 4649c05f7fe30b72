"""The file of tokens: where this person has signed in, readable by nobody else.

A refresh token is good for one use, so commands that run at once take turns.
"""

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from app.client import Client, Options, Tokens, Unauthenticated
from app.domain.clock import now, to_wire

FILE: Final = Path("~/.config/oneoff/session")
#: A token is renewed so long before its end.
_EARLY: Final = timedelta(seconds=30)


class NotSignedIn(Exception):
    """There is no session any more."""


class Keeper:
    """The tokens for one server; renewed when need be, also in the middle of a long command."""

    def __init__(self, url: str, options: Options) -> None:
        self._url, self._options = url, options
        self._entry = entry(url)

    def __call__(self) -> str:
        """Return a valid access token. Raises :class:`NotSignedIn`."""
        if not _is_fresh(self._entry):
            with _locked():
                self._entry = entry(self._url)  # another command may have renewed it meanwhile
                if not _is_fresh(self._entry):
                    self._renew()
        return str(self._entry["token"])

    def _renew(self) -> None:
        token = str(self._entry.get("refresh_token", ""))
        try:
            with Client(self._url, options=self._options) as client:
                self._entry = keep(self._url, client.sign_in.refresh(token))
        except Unauthenticated as error:
            forget(self._url)
            raise NotSignedIn(error.message) from None


def entry(url: str) -> dict[str, Any]:
    """Return what is kept for a server; nothing if that is nothing, or can't be read."""
    found = _read().get(url)
    return found if isinstance(found, dict) else {}


def keep(url: str, tokens: Tokens) -> dict[str, Any]:
    """Keep the tokens for a server."""
    made = {
        "token": tokens.token,
        "expires_at": to_wire(tokens.expires_at),
        "refresh_token": tokens.refresh_token,
    }
    _write(_read() | {url: made})
    return made


def forget(url: str) -> None:
    """Forget the tokens for a server."""
    known = _read()
    if known.pop(url, None) is not None:
        _write(known)


def is_open_to_others() -> bool:
    """Return whether others can read the file."""
    try:
        return bool(_path().stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    except OSError:
        return False


def _is_fresh(kept: dict[str, Any]) -> bool:
    try:
        return datetime.fromisoformat(str(kept["expires_at"])) - _EARLY > now()
    except (KeyError, ValueError, TypeError):
        return False


def _path() -> Path:
    return FILE.expanduser()


def _read() -> dict[str, Any]:
    try:
        found = json.loads(_path().read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(known: dict[str, Any]) -> None:
    """Write the file as a whole: whoever reads it meanwhile sees the old or the new one."""
    path = _path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(known, file, indent=2)
    fresh.replace(path)


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    path = _path().with_name("session.lock")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
