"""The file of a backup says what it is, and does not lie."""

import zipfile
from pathlib import Path

import pytest

from app.domain.clock import now
from app.gateways import backup_file
from app.gateways.backup_file import NotABackup, Note

NOTE = Note(
    kind="sqlite",
    version="1.0",
    revision="0001",
    taken_at=now(),
    installation="it",
    jobs=1,
    executions=2,
)
CONTENT = bytes(range(256)) * 20_000


def _silent(_what: str, _done: int, _total: int) -> None:
    """Show nothing."""


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A sound backup."""
    (tmp_path / "data").write_bytes(CONTENT)
    backup_file.write(NOTE, tmp_path / "data", tmp_path / "backup.zip", _silent)
    return tmp_path / "backup.zip"


def test_what_was_written_can_be_read_and_only_by_its_owner(backup: Path, tmp_path: Path) -> None:
    assert backup_file.read_note(backup) == NOTE
    backup_file.extract(backup, tmp_path / "out", _silent)
    assert (tmp_path / "out").read_bytes() == CONTENT
    assert {f.stat().st_mode & 0o777 for f in (backup, tmp_path / "out")} == {0o600}


def test_the_progress_comes_to_its_end(backup: Path, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    backup_file.extract(backup, tmp_path / "out", lambda *step: seen.append(step))
    assert seen[-1] == ("unpacking", len(CONTENT), len(CONTENT))


def test_a_damaged_backup_is_refused(backup: Path, tmp_path: Path) -> None:
    whole = bytearray(backup.read_bytes())
    whole[len(whole) // 2] ^= 1
    backup.write_bytes(whole)
    with pytest.raises(NotABackup, match="damaged"):
        backup_file.extract(backup, tmp_path / "out", _silent)


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0", b"PGDMP"])
def test_other_files_are_no_backups(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(NotABackup):
        backup_file.read_note(tmp_path / "file")


def test_a_cut_off_backup_and_a_folder_are_refused(backup: Path, tmp_path: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-100])
    with pytest.raises(NotABackup):
        backup_file.read_note(backup)
    with pytest.raises(OSError, match="directory"):
        backup_file.read_note(tmp_path)


@pytest.mark.parametrize(
    "note", ['{"product": "other"}', "[]", "no json", NOTE.model_dump_json().replace("1,", "9,", 1)]
)
def test_other_archives_are_no_backups(tmp_path: Path, note: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("backup.json", note)
        archive.writestr("database", "")
    with pytest.raises(NotABackup):
        backup_file.read_note(tmp_path / "a.zip")
