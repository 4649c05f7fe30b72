"""A backup under load, restored elsewhere: everything finished is there, nothing old fires."""

import contextlib
import json
import re
import shutil
import sqlite3
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.end_to_end.product import Ledger, Product, Submitter, running, until
from tests.support.servers import Postgresql

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(150)]


_SECRET = "s3cret-of-the-backup"


def _note(backup: Path) -> dict[str, Any]:
    with zipfile.ZipFile(backup) as archive:
        note: dict[str, Any] = json.loads(archive.read("backup.json"))
    return note


@contextlib.contextmanager
def _load(product: Product, ledger: Ledger) -> Iterator[Submitter]:
    """Submit jobs all the time."""
    submitter = Submitter(product, ledger)
    stop = threading.Event()

    def submit() -> None:
        while not stop.is_set():
            submitter.submit(1)

    thread = threading.Thread(target=submit)
    thread.start()
    try:
        yield submitter
    finally:
        stop.set()
        thread.join()


def _figures(text: str) -> dict[str, int]:
    """Return the figures that a restore prints."""
    words = {
        "jobs": "jobs",
        "ended": "had ended",
        "wait": "wait",
        "missed": "missed",
        "lost": "were",
    }
    found = {name: re.search(rf"(\d+) {word}", text) for name, word in words.items()}
    return {name: int(match[1]) for name, match in found.items() if match}


def _in(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


def _ended(product: Product, ids: Iterable[str]) -> set[str]:
    """Return the jobs among ``ids`` that have ended well."""
    return {job for job in ids if product.last(job)["status"] == "completed"}


class Story:
    """What happened to a product up to its backup, and after."""

    def __init__(self, product: Product, ledger: Ledger, file: Path) -> None:
        self.product, self.ledger, self.file = product, ledger, file
        secret = {"name": "TOKEN", "value": _SECRET, "is_sensitive": True}
        assert product.ask("POST", "/api/variables", secret)[0] == 201
        self.long = product.create(ledger.script("long", 100))
        self.again = product.create(ledger.script("again", 100), on_lost="retry")
        until(lambda: len(ledger.starts()) == 2, 10, "both run")

    def back_up_under_load(self) -> float:
        """Make the backup while jobs come in; return how long it took."""
        with _load(self.product, self.ledger) as submitter:
            until(lambda: len(submitter.accepted) >= 30, 30, "jobs before the backup")
            first = list(submitter.accepted.values())[:20]
            until(lambda: _ended(self.product, first), 20, "some have ended")
            self.moment, self.passing = (
                _in(3600),
                _in(25),
            )  # behind the backup, also on a slow machine
            self.soon = self.product.create(self.ledger.script("soon"), self.passing.isoformat())
            self.later = self.product.create(self.ledger.script("later"), self.moment.isoformat())
            self.ended = _ended(self.product, first)
            began = time.monotonic()
            done = self.product.run("backup", str(self.file))
            took = time.monotonic() - began
            assert done.returncode == 0, done.stderr
            accepted = len(submitter.accepted)
            until(lambda: len(submitter.accepted) > accepted + 3, 20, "the load goes on")
        self.product.run("stop", "--timeout", "0")
        self.note, self.started = _note(self.file), self.ledger.starts()
        with zipfile.ZipFile(self.file) as archive:
            held = [archive.read(name) for name in archive.namelist()]
        assert not any(_SECRET.encode() in part for part in held), "secrets stay encrypted"
        return took

    def is_restored_to(self, other: Product) -> None:
        """Restore to another installation; check the figures that it prints."""
        until(lambda: datetime.now(UTC) > self.passing, 30, "a moment has passed")
        done = other.run("restore", str(self.file))
        assert done.returncode == 0, done.stderr
        figures = _figures(done.stdout)
        assert figures["jobs"] == self.note["jobs"]
        assert figures["wait"] == 1
        assert figures["lost"] >= 2
        ends = sum(figures[name] for name in ("ended", "wait", "missed", "lost"))
        assert ends == self.note["executions"]
        folders = [Path(one.environ["DATA_DIR"]) for one in (self.product, other)]
        shutil.copy2(folders[0] / "encryption.key", folders[1])  # as the page of backups says

    def goes_on_in(self, other: Product) -> None:
        """Check what is there after the restore, and what starts."""
        assert self.ended <= _ended(other, self.ended), "what had ended is there"
        _totals_agree(other, self.note)
        missed = other.last(self.soon["id"])
        assert missed["status"] == "skipped"
        assert missed["reason"].startswith("missed: restored from a backup of")
        for job in (self.long, self.again):
            (lost,) = other.executions(job["id"])
            assert (lost["status"], lost["error_code"]) == ("failed", "WORKER_LOST")
        assert other.last(self.later["id"])["status"] == "scheduled"
        soon = {"scheduled_at": _in(2).isoformat()}
        assert other.ask("PATCH", f"/api/jobs/{self.later['id']}", soon)[0] == 200
        assert other.ended(self.later["id"])["status"] == "completed"
        assert self.ledger.starts() == self.started | {"later": 1}, "nothing old has started"
        knowing = other.create(f'test "$TOKEN" = {_SECRET} && echo "$TOKEN"')
        known = other.ended(knowing["id"])
        assert (known["status"], known["output"]) == ("completed", "***\n")
        fresh = other.create(self.ledger.script("fresh"))
        assert other.ended(fresh["id"])["status"] == "completed"


def test_a_backup_under_load_restored_elsewhere_goes_on_where_it_was(
    product: Product, tmp_path: Path, request: pytest.FixtureRequest, figure: Any
) -> None:
    story = Story(product, Ledger(tmp_path / "ledger"), tmp_path / "backup.zip")
    took = story.back_up_under_load()
    settings = {}
    if story.note["kind"] == "postgresql":
        settings["DATABASE_URL"] = request.getfixturevalue("postgresql_server").new_database()
    other = Product(tmp_path / "other", **settings)
    try:
        story.is_restored_to(other)
        other.start()
        story.goes_on_in(other)
    finally:
        other.destroy()
    number, kind = story.note["executions"], story.note["kind"]
    figure(f"backup under load on {kind}: {number} executions in {took:.1f} s")


def _answer(product: Product, path: str) -> Any:
    status, answer = product.ask("GET", path)
    assert status == 200, answer
    return answer


def _totals_agree(product: Product, note: dict[str, Any]) -> None:
    """Compare the counters, and what the database itself counts, with the note."""
    figures = _answer(product, "/api/system/status")["data"]
    assert figures["total_jobs"] == note["jobs"] == _answer(product, "/api/jobs")["total"]
    assert figures["total_executions"] == note["executions"]
    listed = _answer(product, "/api/executions?include=all&limit=1")["total"]
    assert listed == note["executions"]


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[tuple[Product, Path]]:
    """A product on SQLite with one job that has ended, stopped, and a backup of it."""
    with running(tmp_path / "product") as product:
        product.ended(product.create("echo kept")["id"])
        file = tmp_path / "backup.zip"
        assert product.run("backup", str(file)).returncode == 0
        product.stop()
        yield product, file


def _refused(product: Product, words: list[str], why: str, **over: str) -> None:
    done = product.run(*words, **over)
    assert done.returncode == 1, done.stdout
    assert why in done.stderr
    assert "Traceback" not in done.stderr


def test_what_could_cost_data_is_refused_and_leaves_everything_as_it_was(
    stopped: tuple[Product, Path], tmp_path: Path
) -> None:
    product, file = stopped
    database = product.data / "oneoff.db"
    product.run("config", "check")
    restore = ["restore", str(file)]
    _refused(product, restore, "holds 1 jobs; --force")
    (tmp_path / "text").write_text("text")
    _refused(product, ["restore", str(tmp_path / "text"), "--force"], "no backup of OneOff")
    _refused(product, ["restore", str(tmp_path / "none"), "--force"], "No such file")
    _refused(product, ["restore", str(_changed(file, revision="9999")), "--force"], "9999")
    _refused(product, ["restore", str(_changed(file, kind="postgresql")), "--force"], "kind")
    _refused(product, ["restore", str(_damaged(file)), "--force"], "damaged")
    before = database.read_bytes()
    product.log.write_text("")
    product.start()
    _refused(product, [*restore, "--force"], "stop it first")
    _refused(product, ["backup", str(database)], "no backup")
    product.stop()
    with _open_elsewhere(database):
        _refused(product, [*restore, "--force"], "stop it first")
    done = product.run(*restore, "--force")
    assert done.returncode == 0, done.stderr
    (kept,) = product.data.glob("oneoff.db.before-restore-*")
    assert kept.stat().st_mode & 0o777 == database.stat().st_mode & 0o777 == 0o600
    assert len(before) <= kept.stat().st_size
    assert not (product.data / "broker").exists()
    assert [path.name for path in product.data.glob(".oneoff-*")] == []


@contextlib.contextmanager
def _open_elsewhere(database: Path) -> Iterator[None]:
    """Have the database open, as a role on its own would."""
    with contextlib.closing(sqlite3.connect(database)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("SELECT count(*) FROM jobs").fetchone()
        yield


def _changed(file: Path, **over: str) -> Path:
    """Return a copy of a backup that says other things of itself."""
    copy = file.with_name(f"changed-{'-'.join(over)}.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(copy, "w") as new:
        new.writestr("backup.json", json.dumps(_note(file) | over))
        new.writestr("database", old.read("database"))
    return copy


def _damaged(file: Path) -> Path:
    copy = file.with_name("damaged.zip")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    copy.write_bytes(content)
    return copy


def test_a_damaged_database_can_be_replaced_and_is_kept(stopped: tuple[Product, Path]) -> None:
    product, file = stopped
    database = product.data / "oneoff.db"
    for leftover in product.data.glob("oneoff.db-*"):
        leftover.unlink()
    database.write_bytes(b"no database at all" * 1000)
    (product.data / "oneoff.db-wal").write_bytes(b"old changes")
    _refused(product, ["restore", str(file)], "can't be read")
    _refused(product, ["backup", str(file)], "the database")
    assert product.run("restore", str(file), "--yes").returncode == 0
    kept = {path.name.rpartition(".")[0] for path in product.data.glob("*before-restore*")}
    assert kept >= {"oneoff.db", "oneoff.db-wal"}
    product.log.write_text("")
    product.start()
    assert _answer(product, "/api/jobs")["total"] == 1


def test_a_folder_gets_dated_backups_and_loses_old_ones_of_this_installation_only(
    stopped: tuple[Product, Path], tmp_path: Path
) -> None:
    product, file = stopped
    folder = tmp_path / "backups"
    folder.mkdir()
    old, young = (datetime.now(UTC) - timedelta(days=days) for days in (31, 29))
    for name, over in {
        "oneoff-20200101T000000Z.zip": {"taken_at": old.isoformat()},
        "oneoff-20200102T000000Z.zip": {"taken_at": young.isoformat()},
        "oneoff-20200103T000000Z.zip": {"taken_at": old.isoformat(), "installation": "other"},
        "mine.zip": {"taken_at": old.isoformat()},
    }.items():
        _changed(file, **over).rename(folder / name)
    (folder / "oneoff-20200104T000000Z.zip").write_text("no backup")
    there = {path.name for path in folder.iterdir()}
    done = product.run("backup", str(folder), "--keep-days", "30")
    assert done.returncode == 0, done.stderr
    now_there = {path.name for path in folder.iterdir()}
    assert there - now_there == {"oneoff-20200101T000000Z.zip"}
    (new,) = now_there - there
    assert re.fullmatch(r"oneoff-\d{8}T\d{6}Z\.zip", new)
    assert (folder / new).stat().st_mode & 0o777 == 0o600


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_server: Postgresql) -> Product:
    """A product on PostgreSQL with a migrated database, not started."""
    url = postgresql_server.new_database().replace("postgres@", "postgres:hush@")
    product = Product(tmp_path / "product", DATABASE_URL=url)
    assert product.run("migrate").returncode == 0
    return product


def _tool(folder: Path, name: str, script: str) -> dict[str, str]:
    """Put a tool before those on the PATH; return the environment that finds it first."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin"}


def test_no_password_is_in_the_arguments_of_a_tool(on_postgresql: Product, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    over: dict[str, str] = {}
    for name in ("pg_dump", "pg_restore", "psql"):
        record = f'echo "{name} $* env:$PGPASSWORD" >> {seen}\nexec /usr/bin/{name} "$@"'
        over |= _tool(tmp_path / "tools", name, record)
    file = tmp_path / "backup.zip"
    assert on_postgresql.run("backup", str(file), **over).returncode == 0
    assert on_postgresql.run("restore", str(file), "--force", **over).returncode == 0
    lines = [line for line in seen.read_text().splitlines() if "--version" not in line]
    assert {line.split()[0] for line in lines} == {"pg_dump", "pg_restore", "psql"}
    for line in lines:
        arguments, _, password = line.partition(" env:")
        assert "hush" not in arguments
        assert password == "hush"


def test_a_missing_and_an_old_tool_are_named(on_postgresql: Product, tmp_path: Path) -> None:
    words = ["backup", str(tmp_path / "backup.zip")]
    old = _tool(tmp_path / "tools", "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6.24'")
    _refused(on_postgresql, words, "is too old (pg_dump (PostgreSQL) 9.6.24)", **old)
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    for name in ("python3", "env"):
        found = next(p for p in (Path("/usr/bin"), Path("/bin")) if (p / name).exists())
        (nothing / name).symlink_to(found / name)
    _refused(on_postgresql, words, "pg_dump is not on the PATH", PATH=str(nothing))
    assert not (tmp_path / "backup.zip").exists()


def test_a_restore_that_breaks_off_changes_nothing_on_postgresql(
    on_postgresql: Product, tmp_path: Path
) -> None:
    url = on_postgresql.environ["DATABASE_URL"]
    file = tmp_path / "backup.zip"
    assert on_postgresql.run("backup", str(file)).returncode == 0
    half = '/usr/bin/pg_restore "$@" | head -c 20000\nexit 9'
    tools = _tool(tmp_path / "tools", "pg_restore", f'case "$1" in --v*) exec /usr/bin/pg_restore '
                  f'--version;; esac\n{half}')  # fmt: skip
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO queues (name, created_at) VALUES ('mine', now())")
        _refused(on_postgresql, ["restore", str(file), "--force"], "pg_restore failed", **tools)
        names = {name for (name,) in connection.execute("SELECT name FROM queues").fetchall()}
        assert names == {"default", "mine"}
        connection.execute(
            "INSERT INTO system_config (key, value, updated_at) VALUES ('restore', 'true', now())"
        )
        _refused(on_postgresql, ["serve"], "a restore was cut off")
        assert on_postgresql.run("restore", str(file), "--force").returncode == 0
        assert on_postgresql.run("migrate").returncode == 0
        connection.execute("SET application_name = 'oneoff'")
        _refused(on_postgresql, ["restore", str(file), "--force"], "1 connections of OneOff")
        connection.execute("SET application_name = 'other'; DROP TABLE installation CASCADE")
        _refused(on_postgresql, ["restore", str(file), "--force"], "tables of another program")
