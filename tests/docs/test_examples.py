"""The examples are real: their jobs are accepted, their scripts do what they say."""

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
import pytest

from app.api.schemas.jobs import NewJob
from app.domain.specs import SPECS
from tests.architecture.source import ROOT
from tests.support.docker_engine import IMAGE
from tests.support.servers import Postgresql
from tests.workers.executors.recorder import Recorder
from workers.executors.base import Context, Options, Parameters
from workers.executors.registry import EXECUTORS
from workers.executors.stop import StopSignal

FOLDER = ROOT / "examples"
BACKUP = FOLDER / "nightly-backup.sh"
DISK_CHECK = FOLDER / "disk-check.sh"
CLAUDE_HERE = FOLDER / "claude-here"
JOBS = sorted(FOLDER.glob("*.json"))
SCRIPTS = sorted(FOLDER.glob("*.sh"))
EARLIER = "20200101T000000Z"


def run(*command):
    """Run a script and return how it ended."""
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)


def config_of(name):
    """Return the config of an example, with this checkout in the place of the one it names."""
    config = json.loads((FOLDER / name).read_text())["config"]
    return config | ({"workdir": str(FOLDER)} if "workdir" in config else {})


def perform(kind, config, scratch, **options):
    """Perform a config as a worker would; return the outcome and what was printed."""
    scratch.mkdir(exist_ok=True)
    executor, output, stop = EXECUTORS[kind](Options(scratch, **options)), Recorder(), StopSignal()
    context = Context(
        execution_id="e" * 32,
        root_execution_id="f" * 32,
        job_id="a" * 32,
        job_name="an example",
        attempt=1,
        deadline=time.monotonic() + 30,
        traceparent="",
        parameters=Parameters(),
        output=output,
        stop=stop,
    )
    try:
        return executor.perform(SPECS[kind].model_validate(config), context), output
    finally:
        executor.close()
        stop.close()


@pytest.fixture
def database(tmp_path):
    """An SQLite database that is in use, with one row."""
    path = tmp_path / "app.db"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE things (name TEXT)")
        connection.execute("INSERT INTO things VALUES ('kept')")
        connection.commit()
        yield path


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_the_api_would_take_the_job(path):
    draft = NewJob().load(json.loads(path.read_text()))
    assert draft.faults == ()
    SPECS[draft.values["type"]].model_validate(draft.values["config"])


@pytest.mark.parametrize("path", JOBS, ids=lambda path: path.stem)
def test_the_script_of_the_job_is_there(path):
    config = json.loads(path.read_text())["config"]
    if "script" in config:
        assert os.access(FOLDER / config["script"], os.X_OK)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_script_is_clean(path):
    checkers = [["sh", "-n"], *([["shellcheck"]] if shutil.which("shellcheck") else [])]
    for checker in checkers:
        done = run(*checker, path)
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_backup_holds_what_the_database_holds(database, tmp_path):
    config = config_of("nightly-backup.json") | {"args": [str(database), str(tmp_path / "out")]}
    outcome, output = perform("shell", config, tmp_path / "scratch")
    assert outcome.verdict == "completed", outcome.error
    (copy,) = (tmp_path / "out").iterdir()
    assert output.lines() == [f"wrote {copy} ({copy.stat().st_size} bytes)"]
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT name FROM things").fetchall() == [("kept",)]


def test_a_backup_removes_the_oldest_copies_of_its_database_only(database, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    mine = [out / f"app.db-2020010{day}T000000Z.sqlite" for day in (1, 2, 3)]
    others = [out / f"app.db-old-{EARLIER}.sqlite", out / f"app.db-{EARLIER}.dump", out / "notes"]
    for path in (*mine, *others):
        path.touch()
    assert run(BACKUP, database, out, 2).returncode == 0
    left = set(out.iterdir())
    assert left >= {mine[2], *others}
    assert len(left) == 1 + 1 + len(others)


@pytest.mark.parametrize("content", [None, b"this is no database at all, but long enough" * 50])
def test_a_failed_backup_leaves_the_good_copies_alone(content, tmp_path):
    source, out = tmp_path / "app.db", tmp_path / "out"
    if content is not None:
        source.write_bytes(content)
    out.mkdir()
    good = out / f"app.db-{EARLIER}.sqlite"
    good.touch()
    done = run(BACKUP, source, out, 1)
    assert done.returncode != 0
    assert done.stderr
    assert list(out.iterdir()) == [good]


@pytest.mark.parametrize("arguments", [[], ["only-one"], ["a", "b", "0"], ["a", "b", "many"]])
def test_a_backup_refuses_what_it_does_not_understand(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(BACKUP, *arguments).returncode != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_a_backup_of_postgresql_can_be_read_back(tmp_path):
    folder = Path(tempfile.mkdtemp(prefix="oneoff-backup-"))  # where the server's user can go
    server = Postgresql(folder, free_port()).start()
    try:
        address = server.new_database()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("CREATE TABLE things (name text)")
        done = run(BACKUP, f"{address}?connect_timeout=5", tmp_path, 1)
        assert done.returncode == 0, done.stderr
        (copy,) = tmp_path.iterdir()
        assert copy.name.startswith("t1-")
        assert "TABLE public things" in run("pg_restore", "--list", copy).stdout
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


def free_port():
    """Return a TCP port that nobody listens on."""
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as probe:
        return probe.server_port


def test_a_disk_fuller_than_the_limit_fails(tmp_path):
    config = config_of("disk-check.json") | {"args": ["/", "0"]}
    outcome, _ = perform("shell", config, tmp_path / "scratch")
    assert (outcome.verdict, outcome.exit_code, outcome.error_code) == ("failed", 1, "EXIT_CODE")
    assert "the limit is 0 %" in (outcome.error or "")


def test_a_disk_within_the_limit_passes():
    done = run(DISK_CHECK, "/", 100)
    assert done.returncode == 0, done.stderr
    assert "within 100 %" in done.stdout


@pytest.mark.parametrize("arguments", [[], ["/", "much"], [Path("/nowhere-at-all"), 90]])
def test_a_disk_check_that_can_not_be_made_fails(arguments):
    assert run(DISK_CHECK, *arguments).returncode != 0


@pytest.mark.docker
def test_a_container_lists_new_files(tmp_path, docker_engine):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "new").touch()
    (folder / "old").touch()
    os.utime(folder / "old", (0, 0))
    config = config_of("new-files.json") | {"image": IMAGE, "volumes": {str(folder): "/data:ro"}}
    host = {"docker_host": docker_engine.host}
    outcome, output = perform("docker", config, tmp_path / "scratch", **host)
    assert outcome.verdict == "completed", outcome.error
    assert output.lines() == ["/data/new"]


class Service(BaseHTTPRequestHandler):
    """Remembers what it was sent."""

    received: list = []

    def do_POST(self):
        """Take a call."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((dict(self.headers), json.loads(body)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def test_the_call_reaches_a_service(tmp_path):
    with HTTPServer(("127.0.0.1", 0), Service) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/deployments"
        outcome, _ = perform(
            "http", config_of("webhook-call.json") | {"url": url}, tmp_path / "scratch"
        )
        thread.join(10)
    assert outcome.verdict == "completed", outcome.error
    ((headers, body),) = Service.received
    assert body == {"service": "shop", "action": "deploy"}
    assert headers["Idempotency-Key"] == "f" * 32


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A command ``oneoff`` on PATH that writes down its arguments and its input."""
    path = tmp_path / "bin" / "oneoff"
    path.parent.mkdir()
    path.write_text(
        '#!/bin/sh\nprintf "%s\\0" "$@" > "$RECORD/arguments"\ncat > "$RECORD/input"\nexit 7\n'
    )
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("prompt", ["--help me", "say 'hi' $(id)\n\tand \\ \"bye\" ä", "x" * 500])
def test_a_prompt_from_here_becomes_a_job(prompt, stand_in, tmp_path, monkeypatch):
    folder = tmp_path / "a folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    done = run(CLAUDE_HERE, prompt, "--at", "+5m")
    assert done.returncode == 7, done.stderr
    words = (stand_in / "arguments").read_text().split("\0")[:-1]
    name = f"--name={' '.join(prompt.split())[:60]}"
    begin = ["jobs", "create", "--type", "claude", "--config", "-"]
    assert words == [*begin, name, "--at", "+5m"]
    config = json.loads((stand_in / "input").read_text())
    assert config == {"prompt": prompt, "cwd": str(folder)}
    SPECS["claude"].model_validate(config)


def test_a_prompt_may_come_from_standard_input(stand_in):
    command = [str(CLAUDE_HERE), "-"]
    subprocess.run(command, input="from a pipe\n", text=True, check=False, timeout=30)
    assert json.loads((stand_in / "input").read_text())["prompt"] == "from a pipe\n"


@pytest.mark.parametrize("arguments", [[], [" "], ["--help"]])
def test_without_a_prompt_there_is_no_job(arguments, stand_in):
    done = run(CLAUDE_HERE, *arguments)
    assert done.returncode == (0 if arguments == ["--help"] else 2)
    assert not (stand_in / "arguments").exists()
