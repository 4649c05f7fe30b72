"""``oneoff backup``: the database as it is at one moment, in one file, while the product runs."""

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import connections, db
from app.cli.databases import leave_row
from app.cli.progress import Progress
from app.domain.clock import now
from app.gateways import backup_file, sqlite_files
from app.gateways.backup_file import NotABackup, Note
from app.gateways.postgresql_tools import Tools
from app.services import backups
from app.settings import Settings
from app.version import VERSION
from migrations import apply

_NAME = "oneoff-{:%Y%m%dT%H%M%SZ}.zip"
_PATTERN = "oneoff-[0-9]*Z.zip"


def back_up(settings: Settings, place: Path, keep_days: int | None) -> None:
    """Write a backup to a file, or a dated one into a folder, and remove old ones there."""
    is_folder = place.is_dir() or keep_days is not None
    folder = place if is_folder else place.parent
    if is_folder:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        _refuse_other_file(place)
    progress = Progress()
    with tempfile.TemporaryDirectory(prefix=".oneoff-backup-", dir=folder) as scratch:
        copy, new = Path(scratch) / "database", Path(scratch) / "backup"
        note = _copied(settings, copy, progress)
        backup_file.write(note, copy, new, progress)
        target = folder / _NAME.format(note.taken_at) if is_folder else place
        backup_file.replace(new, target)
    progress.clear()
    leave_row("cli.backup", file=target.name)
    size = target.stat().st_size
    shown = f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} KB"
    click.echo(f"wrote {target}: {note.jobs} jobs, {note.executions} executions, {shown}")
    if keep_days is not None:
        _remove_old(folder, note, keep_days)


def _refuse_other_file(place: Path) -> None:
    """Only an older backup is replaced: a slip must not cost a database."""
    if place.exists():
        try:
            backup_file.read_note(place)
        except NotABackup as error:
            raise click.ClickException(f"{place} is there and no backup; it is kept") from error


def _copied(settings: Settings, copy: Path, progress: Progress) -> Note:
    db.configure(settings.database)
    path = sqlite_path(settings)
    if path is None:
        return _dumped(settings, copy)
    if not path.exists():
        raise click.ClickException(f"there is no database {path}")
    taken_at = now()
    sqlite_files.copy(path, copy, progress)
    engine = connections.open_engine(f"sqlite:///{copy}")
    try:
        with Session(engine.execution_options(reading=True)) as session:
            note = _note(session, apply.current(engine), "sqlite", taken_at)
    finally:
        engine.dispose()
    sqlite_files.check(copy)
    return note


def _dumped(settings: Settings, copy: Path) -> Note:
    """Dump a PostgreSQL database; the note is of the same moment, to the last row."""
    revision = apply.current(db.engine())
    with db.reading() as session:
        # We wait, doing nothing, while the tool reads what we see.
        session.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        snapshot = session.scalars(sa.select(sa.func.pg_export_snapshot())).one()
        note = _note(session, revision, "postgresql", session.scalars(sa.select(db.db_now())).one())
        Tools(settings.database, server_version(session)).dump(copy, snapshot)
    return note


def _note(session: Session, revision: str | None, kind: str, taken_at: datetime) -> Note:
    if revision is None:
        raise click.ClickException("the database holds nothing of OneOff yet")
    held = backups.contents(session)
    return Note.model_validate(
        {
            "kind": kind,
            "version": VERSION,
            "revision": revision,
            "taken_at": taken_at,
            "installation": held.installation,
            "jobs": held.jobs,
            "executions": held.executions,
        }
    )


def sqlite_path(settings: Settings) -> Path | None:
    """Return the file of the database; ``None`` if it is PostgreSQL."""
    name = sa.make_url(settings.database).database if db.is_sqlite() else None
    return Path(name) if name else None


def server_version(session: Session) -> int:
    """Return the major version of a PostgreSQL server."""
    number = session.scalars(sa.text("SHOW server_version_num")).one()
    return int(number) // 10_000


def _remove_old(folder: Path, newest: Note, keep_days: int) -> None:
    """Remove backups of the same installation that are too old, and nothing else."""
    limit = newest.taken_at - timedelta(days=keep_days)
    for path, note in _backups_in(folder):
        if note.installation == newest.installation and note.taken_at < limit:
            path.unlink(missing_ok=True)
            click.echo(f"removed {path}")


def _backups_in(folder: Path) -> Iterator[tuple[Path, Note]]:
    for path in sorted(folder.glob(_PATTERN)):
        with contextlib.suppress(NotABackup, OSError):
            yield path, backup_file.read_note(path)
