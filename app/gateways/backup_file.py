"""The file of a backup: a zip archive with a note that says what it is, and the database.

The note comes first and can be read by itself. Whoever has no OneOff at hand gets the database out
with any unzip: it is an SQLite file, or a dump of PostgreSQL in its custom format.
"""

import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

_NOTE, _DATABASE = "backup.json", "database"
_BLOCK = 1024 * 1024
_LARGEST_NOTE = 100_000
#: What the library raises for archives that are damaged, encrypted or packed in other ways.
_UNREADABLE = (zipfile.BadZipFile, KeyError, EOFError, RuntimeError, zlib.error)

#: Is told what is done, and how much of how much (0: nobody knows).
Progress = Callable[[str, int, int], None]


class NotABackup(Exception):
    """The file is no backup of OneOff, or it is damaged."""


class Note(BaseModel):
    """What a backup says of itself."""

    model_config = ConfigDict(frozen=True)

    product: Literal["oneoff"] = "oneoff"
    format: Literal[1] = 1
    kind: Literal["sqlite", "postgresql"]
    #: The release that wrote it, and the schema of its data.
    version: str
    revision: str
    taken_at: AwareDatetime
    installation: str
    jobs: int
    executions: int


def write(note: Note, database: Path, target: Path, progress: Progress) -> None:
    """Write a backup to a new file that only its owner can read, down to the disk."""
    # A dump is compressed already.
    method = zipfile.ZIP_DEFLATED if note.kind == "sqlite" else zipfile.ZIP_STORED
    with _new_file(target) as raw:
        with zipfile.ZipFile(raw, "w") as archive:
            archive.writestr(_NOTE, json.dumps(note.model_dump(mode="json"), indent=2) + "\n")
            entry = zipfile.ZipInfo(_DATABASE, note.taken_at.timetuple()[:6])
            entry.compress_type, entry.external_attr = method, 0o600 << 16
            with archive.open(entry, "w", force_zip64=True) as out, database.open("rb") as data:
                _copy(data, out, ("packing", database.stat().st_size), progress)
        raw.flush()
        os.fsync(raw.fileno())


def _new_file(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def read_note(path: Path) -> Note:
    """Return the note of a backup. Raises :class:`NotABackup`, or ``OSError``."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_NOTE) as entry:
            note = Note.model_validate_json(entry.read(_LARGEST_NOTE))
            archive.getinfo(_DATABASE)
    except (*_UNREADABLE, ValidationError, ValueError) as error:
        raise NotABackup(f"{path} is no backup of OneOff") from error
    return note


def extract(path: Path, target: Path, progress: Progress) -> None:
    """Write the database of a backup to a file; its checksum is looked at."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(_DATABASE) as data:
            size = archive.getinfo(_DATABASE).file_size
            with _new_file(target) as out:
                _copy(data, out, ("unpacking", size), progress)
    except _UNREADABLE as error:
        raise NotABackup(f"{path} is damaged: {error}") from error


def _copy(data: IO[bytes], out: IO[bytes], what: tuple[str, int], progress: Progress) -> None:
    name, total = what
    done = 0
    while block := data.read(_BLOCK):
        out.write(block)
        done += len(block)
        progress(name, done, total)


def replace(new: Path, target: Path) -> None:
    """Give a finished file its name, so that it holds even if the power fails now."""
    new.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def set_aside(path: Path, name: str) -> None:
    """Keep a file under a second name beside it."""
    copy = path.with_name(name)
    try:
        os.link(path, copy)
    except OSError:  # not every file system knows links
        shutil.copy2(path, copy)
