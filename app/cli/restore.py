"""``oneoff restore``: the data of a backup in the place of the present ones, fit to go on with."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import click
import sqlalchemy as sa

from app import db
from app.cli import databases, folder_lock
from app.cli.backup import server_version, sqlite_path
from app.cli.options import usable_folder
from app.cli.progress import Progress
from app.domain.clock import now, to_wire
from app.gateways import backup_file, key_file, sqlite_files
from app.gateways.backup_file import Note
from app.gateways.postgresql_tools import Tools
from app.services import backups, encryption
from app.services.backups import Outcome
from app.settings import Settings
from migrations import apply

_FORCE = "; --force replaces them"


class Target(Protocol):
    """A database that a backup is restored to."""

    def refuse_if_in_use(self) -> None:
        """Raise ``ClickException`` if a process of the product works on it."""

    def jobs(self) -> int | None:
        """Return how many jobs it holds; ``None`` if it holds something, but who knows what."""

    def fill(self, path: Path, note: Note, progress: Progress) -> Outcome:
        """Put the data of a backup in the place of what is there."""


def restore(settings: Settings, path: Path, *, force: bool) -> None:
    """Put a backup back; refuse all that could cost somebody data."""
    note = backup_file.read_note(path)
    folder = usable_folder(settings)
    _refuse_other_user(folder)
    if folder_lock.is_held(folder) and folder_lock.number_in(folder):
        raise click.ClickException(f"OneOff runs on {folder}; stop it first: oneoff stop")
    lock = folder_lock.hold(folder, serves=False)
    try:
        db.configure(settings.database)
        target = target_of(settings)
        _refuse_unfit(note, target, force=force)
        progress = Progress()
        outcome = target.fill(path, note, progress)
        progress.clear()
        _empty_broker(settings)
        _report(note, outcome)
        _say_if_locked(settings)
    finally:
        lock.close()


def _refuse_other_user(folder: Path) -> None:
    """What root makes here, the user that the product runs as could not open."""
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise click.ClickException(
            f"{folder} belongs to the user with the number {owner}; restore as that user"
        )


def target_of(settings: Settings) -> "Target":
    """Return the database that these settings name."""
    path = sqlite_path(settings)
    return PostgresqlTarget(settings) if path is None else SqliteTarget(path)


def _refuse_unfit(note: Note, target: Target, *, force: bool) -> None:
    kind = "sqlite" if db.is_sqlite() else "postgresql"
    if note.kind != kind:
        raise click.ClickException(
            f"the backup is of a database of the kind {note.kind}, but the settings name {kind}"
        )
    if note.revision not in apply.known():
        raise click.ClickException(
            f"the backup was made by OneOff {note.version}, whose schema ({note.revision}) this "
            "release does not know; restore it with that release or a newer one"
        )
    target.refuse_if_in_use()
    jobs = target.jobs()
    if jobs != 0 and not force:
        held = "something that can't be read" if jobs is None else f"{jobs} jobs"
        raise click.ClickException(f"the database holds {held}{_FORCE}")


@dataclass(frozen=True, slots=True)
class SqliteTarget:
    """An SQLite file. All is done to a new one, which takes its place in one step."""

    path: Path

    def refuse_if_in_use(self) -> None:
        """See :class:`Target`."""
        if self.path.exists():
            sqlite_files.take_over(self.path)

    def jobs(self) -> int | None:
        """See :class:`Target`."""
        return sqlite_files.count_jobs(self.path) if self.path.exists() else 0

    def fill(self, path: Path, note: Note, progress: Progress) -> Outcome:
        """See :class:`Target`."""
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".oneoff-restore-", dir=folder) as scratch:
            new = Path(scratch) / "database"
            backup_file.extract(path, new, progress)
            sqlite_files.check(new)
            db.configure(f"sqlite:///{new}")
            try:
                outcome = _made_fit(note)
            finally:
                db.forget_engines()
            sqlite_files.check(new)
            self._set_aside()
            backup_file.replace(new, self.path)
        return outcome

    def _set_aside(self) -> None:
        mark = f"before-restore-{now():%Y%m%dT%H%M%SZ}"
        for companion in sqlite_files.companions(self.path):  # of a damaged database only
            companion.rename(companion.with_name(f"{companion.name}.{mark}"))
        if self.path.exists():
            name = f"{self.path.name}.{mark}"
            backup_file.set_aside(self.path, name)
            click.echo(f"the present database is kept as {self.path.with_name(name)}")


@dataclass(frozen=True, slots=True)
class PostgresqlTarget:
    """A PostgreSQL database; the data come back in one transaction."""

    settings: Settings

    def refuse_if_in_use(self) -> None:
        """See :class:`Target`."""
        others = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'oneoff' AND pid <> pg_backend_pid()"
        )
        with db.reading() as session:
            number = session.scalars(others).one()
        if number:
            raise click.ClickException(
                f"{number} connections of OneOff to the database are open, perhaps from other "
                "machines; stop all of its processes first"
            )

    def jobs(self) -> int | None:
        """See :class:`Target`."""
        with db.reading() as session:
            tables = sa.inspect(session.connection()).get_table_names()
            if tables and "installation" not in tables:
                raise click.ClickException(
                    "the database holds tables of another program; give OneOff one of its own"
                )
            if not tables:
                return 0
            return int(session.scalars(sa.text("SELECT count(*) FROM jobs")).one())

    def fill(self, path: Path, note: Note, progress: Progress) -> Outcome:
        """See :class:`Target`."""
        with db.reading() as session:
            version = server_version(session)
            schema = session.scalars(sa.text("SELECT quote_ident(current_schema())")).one()
        with tempfile.TemporaryDirectory(prefix="restore-", dir=self.settings.folder) as scratch:
            dump = Path(scratch) / "database"
            backup_file.extract(path, dump, progress)
            before, after = _DROP.format(schema=schema), _MARK.format(schema=schema)
            Tools(self.settings.database, version).restore(dump, before, after, progress)
        db.forget_engines()
        return _made_fit(note)


#: Takes away all tables and functions of the schema but those of extensions.
_DROP = """
SET LOCAL client_min_messages = warning;
DO $$
DECLARE one record;
BEGIN
    FOR one IN SELECT oid::regclass AS name FROM pg_class
        WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p') AND NOT EXISTS
            (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', one.name);
    END LOOP;
    FOR one IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE pronamespace = '{schema}'::regnamespace AND NOT EXISTS
            (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
    LOOP
        EXECUTE format('DROP ROUTINE %s CASCADE', one.name);
    END LOOP;
END $$;
"""
#: Nothing may run on the data before they are made fit, which is another transaction.
_MARK = (
    "INSERT INTO {schema}.system_config (key, value, updated_at)"  # noqa: S608 - our own words
    f" VALUES ('{backups.MARK}', 'true', now()) ON CONFLICT DO NOTHING;"
)


def _made_fit(note: Note) -> Outcome:
    apply.upgrade(db.engine())
    done = databases.recorded("cli.restore", taken_at=to_wire(note.taken_at))
    with done, db.transaction() as session:
        return backups.finish_restore(session, note.taken_at)


def _empty_broker(settings: Settings) -> None:
    """Forget the messages of the time before; the rows say what is to be done."""
    if settings.embeds_broker:
        shutil.rmtree(settings.folder / "broker", ignore_errors=True)


def _report(note: Note, outcome: Outcome) -> None:
    click.echo(f"restored the backup of {to_wire(note.taken_at)} (OneOff {note.version}):")
    click.echo(f"  {outcome.jobs} jobs, {outcome.executions} executions")
    click.echo(f"  {outcome.finished} had ended and are as they were")
    click.echo(f"  {outcome.scheduled} wait for their moment")
    click.echo(f"  {outcome.missed} missed their moment and are skipped")
    click.echo(f"  {outcome.lost} were running and count as lost (WORKER_LOST)")


def _say_if_locked(settings: Settings) -> None:
    """Backups hold secrets as they are in the database, and never the key that opens them."""
    db.configure(settings.database)
    db.forget_engines()
    with db.reading() as session:
        reason = encryption.refusal(session, settings)
    if reason:
        click.echo(f"the data are back, but OneOff will not start on them yet: {reason}", err=True)
        click.echo(
            f"the key is {key_file.NAME} in the DATA_DIR of the machine that the backup is from, "
            "or what it had as ENCRYPTION_KEY",
            err=True,
        )
    else:
        click.echo("start OneOff to go on: oneoff start")
